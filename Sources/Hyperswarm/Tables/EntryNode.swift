import HyperCrypto
import NIOCore

/// A node of our DHT that others enter by: it stays, it answers, and it keeps what is announced to
/// it. Nothing but UDP; it has no topics of its own (docs/spec/dht.md 8).
public final class EntryNode: Sendable {
    /// Where it is, and whom it knows.
    public struct Configuration: Sendable {
        /// An IPv4 address of this machine and a port; what others call it by should not change.
        public var listen: Swarm.Address
        /// Other nodes of the network; none for the first one.
        public var bootstrap: [Swarm.Address] = []
        /// What it relays; `nil`: nothing. On TCP, under the number of the UDP port.
        public var relay: RelayGrants?
        /// Whether it can be found through BitTorrent's table, by those who know no entry point.
        public var mainline = false
        /// Ways into that.
        public var mainlineBootstrap = Swarm.mainlineEntryPoints
        /// What it knew before.
        public var memory = Memory()

        /// One that is alone.
        public init(listen: Swarm.Address) { self.listen = listen }
    }

    /// What one run leaves to the next.
    public struct Memory: Codable, Hashable, Sendable {
        /// Hexadecimal: the node's place in the network, and nodes it knew.
        var id = ""
        var nodes = ""

        /// Nothing: a new place is drawn.
        public init() {}

        var key: DHTKey? {
            [UInt8](hex: id).flatMap { bytes in bytes.withUnsafeBytes { DHTKey($0) } }
        }
    }

    /// How much it forwards for others.
    public struct RelayGrants: Hashable, Sendable {
        /// In each direction of a pair of peers.
        public var bytesPerSecond: Int
        /// Of a pair, both directions together; then it must come again.
        public var bytesPerPair: UInt64

        /// 256 KiB/s, 1 GiB.
        public init() {
            bytesPerSecond = Limits.Relay.bytesPerSecond
            bytesPerPair = Limits.Relay.pairBytes
        }
    }

    /// How it is doing.
    public struct Status: Sendable {
        /// Nodes in its table.
        public let nodes: Int
        /// Requests answered, and refused because they came too fast.
        public let served: Int
        /// See `served`.
        public let refused: Int
        /// Its address as others see it; `nil` while they have not told, or do not agree.
        public let seenAs: Swarm.Address?
        /// Pairs of peers that are relayed now, who waits for a caller, and bytes since the start.
        public let relayedPairs: Int
        /// See `relayedPairs`.
        public let relayWaits: Int
        /// See `relayedPairs`.
        public let relayedBytes: UInt64
    }

    private let loop: any EventLoop
    private let configuration: Configuration
    private let state: NIOLoopBoundBox<State>

    private struct State {
        var port: DatagramPort?
        var dht: DHTSource<DHTNode>?
        var mainline: DHTSource<MainlineNode>?
        var relay: RelayServer?
    }

    /// One that has not begun.
    public init(loop: any EventLoop, configuration: Configuration) {
        self.loop = loop
        self.configuration = configuration
        state = .makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// Binds and begins. Returns the addresses that others can enter by. Throws `SwarmError`.
    public func start() async throws -> [Swarm.Address] {
        guard let endpoint = Endpoint(configuration.listen), !endpoint.ip.isVersion6 else {
            throw SwarmError(
                .addressNotHere, "cannot listen on \(configuration.listen): not an IPv4 address",
                hint: "this DHT has no IPv6; name an IPv4 address, such as 0.0.0.0:49737")
        }
        do {
            let bound = try await loop.flatSubmit { self.bind(endpoint) }.get()
            let address = Swarm.Address(host: bound.ip.description, port: Int(bound.port))
            return Interfaces.reachable(address)
        } catch {
            throw SwarmError(listening: configuration.listen, error)
        }
    }

    private func bind(_ endpoint: Endpoint) -> EventLoopFuture<Endpoint> {
        let port = DatagramPort(loop: loop)
        port.utp.isAccepting = false
        state.value.port = port
        return port.bind(endpoint).flatMap { bound in
            self.startRelay(on: bound).map {
                self.begin(on: bound)
                return bound
            }
        }
    }

    private func startRelay(on bound: Endpoint) -> EventLoopFuture<Void> {
        guard let wanted = configuration.relay else { return loop.makeSucceededVoidFuture() }
        let relay = RelayServer(
            RelayHub.Grants(
                bytesPerSecond: wanted.bytesPerSecond, pairBytes: wanted.bytesPerPair), loop: loop)
        state.value.relay = relay
        return relay.start(on: bound)
    }

    private func begin(on bound: Endpoint) {
        guard let port = state.value.port else { return }
        let memory = configuration.memory
        let node = DHTNode(
            .init(mode: .persistent, id: memory.key, saved: [UInt8](hex: memory.nodes) ?? []),
            random: SystemRandomNumberGenerator(), now: .now())
        let dht = DHTSource(
            node, on: port, entryPoints: configuration.bootstrap, found: { _, _ in },
            noticed: { _ in })
        port.onDHT = { [weak dht] in dht?.received($0, from: $1) }
        state.value.dht = dht
        dht.start(port: bound.port)
        guard configuration.mainline, !bound.ip.isLoopback else { return }
        let mainline = DHTSource(
            MainlineNode(.init(), random: SystemRandomNumberGenerator(), now: .now()), on: port,
            entryPoints: configuration.mainlineBootstrap,
            found: { [weak dht] _, peers in dht?.meet(peers.peers) }, noticed: { _ in })
        port.onKRPC = { [weak mainline] in mainline?.received($0, from: $1) }
        state.value.mainline = mainline
        mainline.start(port: bound.port)
        mainline.join(Swarm.entryTopic, announce: true, lookup: true)
    }

    /// Ends; returns when the port is free.
    public func stop() async {
        let closing = loop.flatSubmit { () -> EventLoopFuture<Void> in
            let dht = self.state.value.dht?.stop()
            let mainline = self.state.value.mainline?.stop()
            let relay = self.state.value.relay?.stop()
            let parts = [dht, mainline, relay].compactMap { $0 }
            return EventLoopFuture.andAllComplete(parts, on: self.loop)
                .flatMap {
                    self.state.value.port?.close() ?? self.loop.makeSucceededVoidFuture()
                }
        }
        try? await closing.get()
    }

    /// How it is doing; `nil` before the start.
    public func status() async -> Status? {
        let told = loop.submit { () -> Status? in
            guard let node = self.state.value.dht?.node else { return nil }
            var seenAs: Swarm.Address?
            if case .stable(let endpoint) = node.ownAddress {
                seenAs = Swarm.Address(host: endpoint.ip.description, port: Int(endpoint.port))
            }
            let relayed = self.state.value.relay?.counts ?? (pairs: 0, waits: 0, bytes: 0)
            return Status(
                nodes: node.nodeCount, served: node.statistics.served,
                refused: node.statistics.refused, seenAs: seenAs, relayedPairs: relayed.pairs,
                relayWaits: relayed.waits, relayedBytes: relayed.bytes)
        }
        return try? await told.get()
    }

    /// What to give the next one.
    public func memory() async -> Memory {
        let told = loop.submit { () -> Memory? in
            guard let node = self.state.value.dht?.node else { return nil }
            var memory = Memory()
            memory.id = node.id.raw.bytes.hex
            memory.nodes = node.savedNodes().hex
            return memory
        }
        return (try? await told.get()) ?? configuration.memory
    }
}
