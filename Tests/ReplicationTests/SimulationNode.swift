import HyperCrypto
import Hypercore
import TestSupport

@testable import Replication

/// A node of the simulation: a `Replicator`, the feeds it serves, its connections.
final class SimulationNode: SimulationHost, @unchecked Sendable {
    let world: SimulationWorld
    /// What peers may ask for.
    var served: [DiscoveryKey: Feed] = [:]
    var companions: [DiscoveryKey: [Feed]] = [:]
    private(set) var ends: [PeerID: SimulationEnd] = [:]
    /// Why we closed connections.
    private(set) var drops: [String] = []
    private(set) var lookups = 0
    private var wakes: UInt64 = 0
    let replicator: Replicator

    convenience init(_ world: SimulationWorld) {
        let configuration = Session.Configuration(
            staticKey: NoiseKeyPair(random: &world.random))
        self.init(
            world, configuration: configuration, random: SeededRandom(seed: world.random.next()))
    }

    init(
        _ world: SimulationWorld, configuration: Session.Configuration,
        random: some RandomSource
    ) {
        self.world = world
        let shell = Shell()
        replicator = Replicator(
            configuration: configuration, directory: shell, output: shell, executor: world,
            random: random)
        shell.node = self
        let engine = replicator.engine
        world.checks.append { engine.violations() }
    }

    var engine: Engine { replicator.engine }
    var peer: PeerState? { engine.peersInOrder.first }

    func serve(_ feed: Feed) {
        served[feed.discoveryKey] = feed
        feed.network = replicator
    }

    func connected(_ end: SimulationEnd, initiator: Bool) {
        let id = replicator.connected(initiator: initiator)
        end.peer = id
        ends[id] = end
    }

    func received(_ bytes: [UInt8], on end: SimulationEnd) {
        guard let peer = end.peer else { return }
        bytes.withUnsafeBytes { replicator.received($0, from: peer) }
    }

    func disconnected(_ end: SimulationEnd) {
        guard let peer = end.peer else { return }
        ends[peer] = nil
        replicator.disconnected(peer)
    }

    func writable(_ isWritable: Bool, on end: SimulationEnd) {
        if let peer = end.peer { replicator.writable(peer, isWritable) }
    }

    /// A demand's outcome, as it becomes known.
    final class Outcome: @unchecked Sendable {
        var result: Result<Void, FeedError>?
        var id = DemandID(0)
        var isMet: Bool { if case .success = result { true } else { false } }
        var code: FeedError.Code? { if case .failure(let e) = result { e.code } else { nil } }
    }

    @discardableResult
    func demand(
        _ target: Demand.Target, of feed: Feed, priority: Demand.Priority = .foreground,
        timeout: Duration? = nil
    ) -> Outcome {
        let outcome = Outcome()
        outcome.id = replicator.demand(
            Demand(target, priority: priority, timeout: timeout), of: feed
        ) { outcome.result = $0 }
        return outcome
    }

    fileprivate final class Shell: Replicator.Directory, Replicator.Output, @unchecked Sendable {
        weak var node: SimulationNode?

        func feed(discoveryKey: DiscoveryKey) -> Feed? {
            node?.lookups += 1
            return node?.served[discoveryKey]
        }

        func companions(of feed: Feed) -> [Feed] {
            node?.companions[feed.discoveryKey] ?? []
        }

        func send(_ bytes: [UInt8], to peer: PeerID) { node?.ends[peer]?.send(bytes) }

        func close(_ peer: PeerID, reason: (any Error)?) {
            if let reason { node?.drops.append("\(reason)") }
            node?.ends.removeValue(forKey: peer)?.close()
        }

        func wake(at deadline: ContinuousClock.Instant) {
            guard let node else { return }
            node.wakes += 1
            let number = node.wakes
            node.world.at(deadline) {
                if node.wakes == number { node.replicator.tick() }
            }
        }
    }
}

/// Feeds for tests: contents that can be told from the index.
enum SimulationFeeds {
    static func block(_ index: UInt64, bytes: Int, salt: UInt8 = 7) -> [UInt8] {
        var block = [UInt8](repeating: UInt8(truncatingIfNeeded: index) ^ salt, count: bytes)
        for i in 0..<min(bytes, 8) { block[i] ^= UInt8(truncatingIfNeeded: index >> UInt64(8 * i)) }
        return block
    }

    static func writer(_ seed: UInt64, blocks: Int, bytes: Int = 512) throws -> Feed {
        var random = SeededRandom(seed: seed)
        let feed = try Feed(
            storage: MemoryStorage(), keyPair: KeyPair(seed: random.bytes32()))
        if blocks > 0 {
            try feed.append((0..<UInt64(blocks)).map { block($0, bytes: bytes) })
        }
        return feed
    }

    static func reader(of feed: Feed) throws -> Feed {
        try Feed(storage: MemoryStorage(), key: feed.key)
    }

    static func isCopy(_ copy: Feed, of feed: Feed) throws -> Bool {
        guard copy.length == feed.length else { return false }
        for index in 0..<feed.length where try copy.block(index) != feed.block(index) {
            return false
        }
        return true
    }
}
