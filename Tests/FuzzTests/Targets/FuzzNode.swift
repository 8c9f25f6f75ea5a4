import HyperCrypto
import Hypercore
import Replication
import TestSupport

/// A `Replicator` with the rest of a node left out: a clock that is told the time, a queue that is
/// drained by hand. One thread only, hence `@unchecked Sendable`.
final class FuzzNode: Replicator.Directory, Replicator.Output, Replicator.Executor,
    @unchecked Sendable
{
    private(set) var now = ContinuousClock.now
    private(set) var isConnected = true
    private(set) var sentBytes = 0
    private var queue: [@Sendable () -> Void] = []
    private var deadline: ContinuousClock.Instant?
    private var feeds: [DiscoveryKey: Feed] = [:]
    private var built: Replicator?

    init(configuration: Session.Configuration) {
        built = Replicator(
            configuration: configuration, directory: self, output: self, executor: self,
            random: SeededRandom(seed: 3))
    }

    var replicator: Replicator {
        guard let built else { preconditionFailure("built in init") }
        return built
    }

    func serve(_ feed: Feed) { feeds[feed.discoveryKey] = feed }

    /// Runs what was posted, with a bound: work that always makes new work is a bug.
    func settle() {
        var rounds = 0
        while !queue.isEmpty {
            rounds += 1
            check(rounds < 100_000, "posted work comes to an end")
            let work = queue
            queue = []
            for item in work { item() }
        }
    }

    /// Lets time go by.
    func pass(_ time: Duration) {
        let end = now + time
        var ticks = 0
        while let due = deadline, due <= end {
            ticks += 1
            check(ticks < 100_000, "timers do not spin")
            now = max(now, due)
            deadline = nil
            replicator.tick()
            settle()
        }
        now = end
    }

    /// Breaks the circle between the node and its replicator.
    func end() { built = nil }

    func execute(_ work: @escaping @Sendable () -> Void) { queue.append(work) }
    func feed(discoveryKey: DiscoveryKey) -> Feed? { feeds[discoveryKey] }
    func companions(of feed: Feed) -> [Feed] { [] }
    func send(_ bytes: [UInt8], to peer: PeerID) { sentBytes += bytes.count }
    func close(_ peer: PeerID, reason: (any Error)?) { isConnected = false }
    func wake(at deadline: ContinuousClock.Instant) { self.deadline = deadline }
}
