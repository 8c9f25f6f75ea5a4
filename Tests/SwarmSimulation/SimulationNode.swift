import HyperCrypto
import Hypercore
import Replication
import TestSupport

/// A node of the simulation: a `Replicator`, the feeds it serves, its connections.
package final class SimulationNode: SimulationHost, @unchecked Sendable {
    package let world: SimulationWorld
    /// What peers may ask for.
    package var served: [DiscoveryKey: Feed] = [:]
    package var companions: [DiscoveryKey: [Feed]] = [:]
    package private(set) var ends: [PeerID: SimulationEnd] = [:]
    /// Why we closed connections.
    package private(set) var drops: [String] = []
    package private(set) var lookups = 0
    private var wakes: UInt64 = 0
    package let replicator: Replicator

    package convenience init(_ world: SimulationWorld) {
        let configuration = Session.Configuration(
            staticKey: NoiseKeyPair(random: &world.random))
        self.init(
            world, configuration: configuration, random: SeededRandom(seed: world.random.next()))
    }

    package init(
        _ world: SimulationWorld, configuration: Session.Configuration,
        random: some RandomSource
    ) {
        self.world = world
        let shell = Shell()
        replicator = Replicator(
            configuration: configuration, directory: shell, output: shell, executor: world,
            random: random)
        shell.node = self
        let replicator = replicator
        world.checks.append { replicator.violations() }
    }

    package func serve(_ feed: Feed) {
        served[feed.discoveryKey] = feed
        feed.network = replicator
    }

    package func connected(_ end: SimulationEnd, initiator: Bool) {
        let id = replicator.connected(initiator: initiator)
        end.peer = id
        ends[id] = end
    }

    package func received(_ bytes: [UInt8], on end: SimulationEnd) {
        guard let peer = end.peer else { return }
        bytes.withUnsafeBytes { replicator.received($0, from: peer) }
    }

    package func disconnected(_ end: SimulationEnd) {
        guard let peer = end.peer else { return }
        ends[peer] = nil
        replicator.disconnected(peer)
    }

    package func writable(_ isWritable: Bool, on end: SimulationEnd) {
        if let peer = end.peer { replicator.writable(peer, isWritable) }
    }

    package func forgetConnections() { ends = [:] }

    /// A demand's outcome, as it becomes known.
    package final class Outcome: @unchecked Sendable {
        package var result: Result<Void, FeedError>? {
            didSet { onResult() }
        }
        package var onResult: () -> Void = {}
        package var id = DemandID(0)
        package var isMet: Bool { if case .success = result { true } else { false } }
        package var code: FeedError.Code? {
            if case .failure(let e) = result { e.code } else { nil }
        }
    }

    @discardableResult
    package func demand(
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
