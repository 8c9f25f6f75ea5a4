import Hypercore
import Synchronization

/// Takes a feed's events from any thread to the executor: one wake-up for many.
final class EventMailbox: Sendable {
    struct Contents {
        var stored = RangeCollector(limit: SchedulerLimits.announceRangesMax)
        var cleared = RangeCollector(limit: SchedulerLimits.announceRangesMax)
        var grewTo: UInt64?
        var isEmpty: Bool { stored.isEmpty && cleared.isEmpty && grewTo == nil }
    }

    private let contents = Mutex(Contents())

    init() {}

    /// Whether the mailbox was empty: then the executor has to be told.
    func put(_ event: Feed.Event) -> Bool {
        contents.withLock {
            let wasEmpty = $0.isEmpty
            switch event {
            case .grew(let length): $0.grewTo = max(length, $0.grewTo ?? 0)
            case .stored(let range): $0.stored.insert(range)
            case .cleared(let range): $0.cleared.insert(range)
            case .refused: break
            }
            return wasEmpty
        }
    }

    var isEmpty: Bool { contents.withLock { $0.isEmpty } }

    func take() -> Contents? {
        contents.withLock {
            guard !$0.isEmpty else { return nil }
            let taken = $0
            $0 = Contents()
            return taken
        }
    }
}
