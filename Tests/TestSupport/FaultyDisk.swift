import HyperCrypto
import Hypercore
import Synchronization

/// The feeds of one store on a disk whose calls fail as planned and whose power may fail.
public final class FaultyDisk: Sendable {
    /// Which call fails.
    public let plan = FaultPlan()
    /// What was changed.
    public let log = WriteLog()
    private let feeds = Mutex<[DiscoveryKey: FaultyStorage<MemoryStorage>]>([:])

    /// A disk on which nothing fails yet.
    public init() {}

    /// The files of a feed, the same ones for each call.
    public func storage(_ key: DiscoveryKey) -> FaultyStorage<MemoryStorage> {
        feeds.withLock { feeds in
            let storage =
                feeds[key]
                ?? FaultyStorage(MemoryStorage(), plan: plan, log: log, name: key.hex + "/")
            feeds[key] = storage
            return storage
        }
    }

    /// All feeds as they may be after a crash behind the first `count` changes. With a seed, what
    /// was not synced is kept, lost or torn by chance.
    public func image(after count: Int, seed: UInt64?) -> [DiscoveryKey: MemoryStorage] {
        feeds.withLock { $0 }.mapValues { storage in
            storage.image(after: count) { change in
                guard let seed else { return .kept }
                var random = SeededRandom(seed: seed &+ UInt64(change) &* 0x9E37_79B9)
                switch random.next() % 3 {
                case 0: return .kept
                case 1: return .lost
                default: return .torn(Int(random.next() % 5000))
                }
            }
        }
    }
}
