import Corestore
import FileTree
import HyperCrypto
import Hypercore
import Hyperdrive
import Hyperswarm
import Logging
import NIOCore
import NIOPosix
import Replication
import Synchronization

/// A store on the network: one event loop with the swarm and the replicator on it, and whoever
/// wants to wait for blocks in front.
public final class Engine: Sendable {
    /// What an engine is made from.
    public struct Configuration: Sendable {
        /// The store's folder.
        public var store: String
        /// `nil`: no network at all.
        public var network: Swarm.Configuration? = Swarm.Configuration()
        /// Without the store's lock, and without changing a byte of it. Takes `network` nil.
        public var isReadOnly = false
        /// `network` is nil for want of anybody to ask, and not because it was switched off.
        var hasNobody = false
        /// How long a reader waits for a block.
        public var timeout: Duration = Limits.timeout
        /// How long while no peer is known.
        public var timeoutWithoutPeers: Duration = Limits.timeoutWithoutPeers
        /// Bytes per second over all connections; `nil`: no limit.
        public var limitUp: UInt64?
        /// The same for what comes in.
        public var limitDown: UInt64?
        /// Where events go.
        public var logger = Logger(label: "hyperfs")

        /// The defaults of CLI.md.
        public init(store: String) { self.store = store }
    }

    /// What it is made from.
    public let configuration: Configuration
    /// All feeds.
    public let store: Store
    /// Names and shares.
    public let registry: Registry
    /// Common to everything here that writes to drives through mounts.
    public let writers = Writers()
    let peers: PeerTable
    let replicator: Replicator
    let swarm: Swarm?
    let topics = TopicCounts()
    /// Feeds that were let go and may still be open, each with the drive that it is of.
    let idle = Mutex<[DiscoveryKey: DiscoveryKey]>([:])
    /// The thread of swarm and replicator; others may use it for little things.
    let loop: any EventLoop
    /// The cap on what is kept of other people's files.
    let cache: CacheKeeper
    private let group: MultiThreadedEventLoopGroup
    private let disk = NIOThreadPool(numberOfThreads: 1)
    private let flusher: Flusher
    private let traffic: Traffic
    private let state = Mutex(State())

    private struct State: Sendable {
        var addresses: [Swarm.Address] = []
        var repeated: [RepeatedTask] = []
        var memory: Swarm.Memory?
        var receiving = Rate()
        var sending = Rate()
        var isClosed = false
        var limits: (up: UInt64?, down: UInt64?) = (nil, nil)
    }

    /// Opens the store for writing, listens and dials. Throws NodeError `.storeLocked`, `.network`,
    /// `.corrupt`, `.failed`.
    public static func start(_ configuration: Configuration) async throws -> Engine {
        let store = try StoreAccess.open(
            configuration.store, readOnly: configuration.isReadOnly)
        do {
            let engine = try Engine(configuration, store: store)
            try await engine.begin()
            return engine
        } catch {
            try? store.close()
            throw error
        }
    }

    private init(_ configuration: Configuration, store: Store) throws {
        precondition(!configuration.isReadOnly || configuration.network == nil, "see isReadOnly")
        self.configuration = configuration
        self.store = store
        registry = try Registry(store: configuration.store)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        self.loop = loop
        let traffic = Traffic()
        self.traffic = traffic
        let logger = configuration.logger
        flusher = Flusher(store, logger)
        // One name for all connections, the same after every start (docs/spec/corestore.md 7).
        let name = NoiseKeyPair(
            seed: store.derive(
                namespace: "hyperfs",
                name: "replication-keypair " + StoreIdentity.name(of: configuration.store)))
        peers = PeerTable(
            loop: loop, localKey: name.publicKey, hoped: configuration.network?.peers ?? [],
            traffic: traffic
        ) { Engine.log($0, to: logger) }
        replicator = Replicator(
            configuration: Session.Configuration(staticKey: name),
            directory: store, output: peers, executor: peers, random: SystemRandom())
        state.withLock { $0.limits = (configuration.limitUp, configuration.limitDown) }
        peers.limit(up: configuration.limitUp, down: configuration.limitDown)
        let peers = peers
        swarm = configuration.network.map { network in
            var network = network
            network.memory = SwarmMemory.load(store: configuration.store)
            return Swarm(loop: loop, configuration: network, handler: peers)
        }
        peers.attach(replicator, swarm)
        let holder = EngineHolder()
        cache = CacheKeeper { holder.engine.withLock { $0.value } }
        holder.engine.withLock { $0.value = self }
    }

    private func begin() async throws {
        disk.start()
        let replicator = replicator
        store.onOpen { replicator.join($0) }
        if let swarm {
            do {
                let addresses = try await swarm.start()
                state.withLock { $0.addresses = addresses }
            } catch {
                await close()
                throw NodeError(error, while: "starting the network")
            }
        }
        let interval = TimeAmount(Limits.flushInterval)
        let task = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
            [weak self] _ in
            guard let self else { return }
            measure()
            disk.submit { [flusher] _ in flusher.flush() }
        }
        let pause = TimeAmount(Limits.memoryInterval)
        let saving = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) {
            [weak self] _ in
            guard let self else { return }
            Task { await self.saveMemory() }
        }
        state.withLock { $0.repeated = [task, saving] }
    }

    /// Ends in good order: network first, then everything is made durable. Once is enough.
    public func close() async {
        let repeated = state.withLock { state -> [RepeatedTask]? in
            if state.isClosed { return nil }
            state.isClosed = true
            return state.repeated
        }
        guard let repeated else { return }
        for task in repeated { task.cancel() }
        cache.stop()
        await saveMemory()
        replicator.close()
        await swarm?.stop()
        peers.attach(nil, nil)
        try? await disk.shutdownGracefully()
        do {
            try store.close()
        } catch {
            configuration.logger.error("closing the store: \(error)")
        }
        try? await group.shutdownGracefully()
    }

    /// What the swarm knows now is where the next one begins.
    private func saveMemory() async {
        guard let swarm else { return }
        let memory = await swarm.memory()
        guard state.withLock({ $0.memory != memory }), memory != Swarm.Memory() else { return }
        do {
            try SwarmMemory.save(memory, store: configuration.store)
            state.withLock { $0.memory = memory }
        } catch {
            configuration.logger.warning("remembering nodes and peers: \(error)")
        }
    }

    private func measure() {
        let totals = traffic.totals
        state.withLock { state in
            state.receiving.sample(total: totals.received, at: .now)
            state.sending.sample(total: totals.sent, at: .now)
        }
    }
}

// MARK: - Waiting and watching

extension Engine {
    /// Where peers reach us, the most reachable first.
    public var addresses: [Swarm.Address] { state.withLock { $0.addresses } }

    /// Bytes over the network since the start, both ways, with everything around the blocks.
    public var transferred: (received: UInt64, sent: UInt64) { traffic.totals }

    /// Bytes per second over the network, of the last few seconds.
    public var rates: (received: UInt64, sent: UInt64) {
        state.withLock { (UInt64(max(0, $0.receiving.value)), UInt64(max(0, $0.sending.value))) }
    }

    /// Bytes per second at most, both ways; nil: no limit.
    public var limits: (up: UInt64?, down: UInt64?) { state.withLock { $0.limits } }

    /// Sets both, from now on.
    public func limit(up: UInt64?, down: UInt64?) {
        state.withLock { $0.limits = (up, down) }
        peers.limit(up: up, down: down)
    }

    /// Connections that are open now.
    public var connectedPeers: Int { peers.inReach.connected }

    /// A new, empty drive of our own. Throws NodeError `.usage` when the name is taken.
    public func createDrive(name: String?) throws -> Drive {
        do {
            if let name, let other = registry.drive(named: name) {
                throw NodeError(
                    .usage, "the name '\(name)' belongs to drive \(other.hex)",
                    hint: "choose another with --name")
            }
            let drive = try Drive.create(in: store)
            if let name { try registry.remember(name: name, of: drive.key) }
            return drive
        } catch {
            throw NodeError(error, while: "creating a drive")
        }
    }

    /// Connects to these peers, too, `HOST:PORT` each, and again when they are lost. Throws
    /// NodeError `.usage` for what is no address.
    public func dial(_ peers: [String]) throws(NodeError) {
        for text in peers {
            guard let address = Swarm.Address(text), address.port != 0 else {
                throw NodeError(
                    .usage, "'\(text)' is no address of a peer",
                    hint: "write HOST:PORT or [IPV6]:PORT")
            }
            guard let swarm else { continue }
            self.peers.hope(for: address)
            swarm.dial(address)
        }
    }

    /// Keeps a drive's metadata up to date while peers are there.
    public func follow(_ feed: Feed) { replicator.follow(feed) }

    /// Runs a local computation, fetching what it misses, for as long as a reader may wait:
    /// `patience`, else the `timeout` of the configuration, but only `timeoutWithoutPeers` in a row
    /// without a peer in reach.
    public func fetching<T: Sendable>(
        _ subject: String, within patience: Duration? = nil,
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        do {
            return try body()
        } catch is MissingBlocks {
            // Nothing to say yet: now it takes the network.
        } catch {
            throw NodeError(error, while: subject)
        }
        do {
            let timeout = patience ?? configuration.timeout
            return try await withPatience(timeout, subject) {
                try await resolve(timeout: timeout) { try body() }
            }
        } catch let error as FeedError where Self.isAboutPeers(error) {
            throw whyNobodyAnswered(subject)
        } catch {
            throw NodeError(error, while: subject)
        }
    }

    /// How long a reader waits, with and without a peer in reach.
    func patience(_ asked: Duration?) -> (timeout: Duration, withoutPeers: Duration) {
        let timeout = asked ?? configuration.timeout
        return (timeout, min(timeout, configuration.timeoutWithoutPeers))
    }

    /// Waits for a demand under the same rules.
    public func fetch(
        _ subject: String, _ target: Demand.Target, of feed: Feed, within patience: Duration? = nil
    ) async throws {
        if feed.isMet(target) { return }
        do {
            let timeout = patience ?? configuration.timeout
            try await withPatience(timeout, subject) {
                try await feed.fetch(Demand(target, timeout: timeout))
            }
        } catch let error as FeedError where Self.isAboutPeers(error) {
            throw whyNobodyAnswered(subject)
        } catch {
            throw NodeError(error, while: subject)
        }
    }

    private func withPatience<T: Sendable>(
        _ timeout: Duration, _ subject: String,
        _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await work() }
            group.addTask { try await self.losePatience(timeout, subject) }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    /// Returns only by throwing: after `timeoutWithoutPeers` in a row without a peer in reach.
    /// A wait that a user notices is said in the log, ever more rarely.
    private func losePatience<T>(_ timeout: Duration, _ subject: String) async throws -> T {
        let alone = patience(timeout).withoutPeers
        var lonelySince: ContinuousClock.Instant?
        let begin = ContinuousClock.now
        var saidNext = Limits.noticedWait
        while true {
            let now = ContinuousClock.now
            if now - begin >= saidNext {
                configuration.logger.info(
                    "\(subject): waiting for \(saidNext), \(connectedPeers) peers connected")
                saidNext *= 2
            }
            if swarm == nil {
                throw FeedError(.noPeers, "offline")
            } else if peers.inReach.isHopeful {
                lonelySince = nil
            } else if now - (lonelySince ?? now) >= alone {
                throw FeedError(.noPeers, "no peer is known")
            } else {
                lonelySince = lonelySince ?? now
            }
            try await Task.sleep(for: Limits.patienceTick)
        }
    }

    private static func isAboutPeers(_ error: FeedError) -> Bool {
        [.noPeers, .timedOut, .cancelled].contains(error.code)
    }

    private func whyNobodyAnswered(_ subject: String) -> NodeError {
        let reach = peers.inReach
        guard let network = configuration.network else {
            let reason = configuration.hasNobody ? "no peer is known" : "the network is off"
            return NodeError(
                .notFound, "\(subject): not in this store, and \(reason)",
                hint: configuration.hasNobody
                    ? "name one that shares it with --peer HOST:PORT"
                    : "run without --offline, with --peer HOST:PORT")
        }
        if reach.connected > 0 {
            let count = reach.connected == 1 ? "the one peer" : "the \(reach.connected) peers"
            return NodeError(
                .notFound, "\(subject): \(count) in reach did not have it in time",
                hint: "check the key, and that the peer shares this drive")
        }
        if let failure = reach.lastFailure {
            return NodeError(
                .notFound, "\(subject): no peer in reach (\(failure.message))", hint: failure.hint)
        }
        return NodeError(
            .notFound, "\(subject): not in this store, and \(nobody(network))",
            hint: network.peers.isEmpty
                ? "name one that shares it with --peer HOST:PORT" : "check --peer and the network")
    }

    private func nobody(_ network: Swarm.Configuration) -> String {
        if network.searchesWorld { return "nobody who has it was found" }
        return network.mdns ? "nobody on the local network has it" : "no peer is known"
    }
}
