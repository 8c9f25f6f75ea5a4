/// Events, delivered without any lock held, on the thread that caused them.
extension Feed {
    /// What happened to a feed.
    public enum Event: Sendable, Equatable {
        /// The verified length is this many blocks now.
        case grew(length: UInt64)
        /// These blocks are stored here now.
        case stored(Range<UInt64>)
        /// These blocks are not stored here any more.
        case cleared(Range<UInt64>)
        /// Nothing is written to it any more: `refusal` says why.
        case refused
    }

    /// Names an observer, to remove it.
    public struct Observation: Hashable, Sendable {
        let id: UInt64
    }

    /// Calls `observer` for every event until it is removed. It must not block.
    public func observe(_ observer: @escaping @Sendable (Event) -> Void) -> Observation {
        observers.withLock { $0.add(observer) }
    }

    /// Removes an observer; a call that is under way may still finish.
    public func stopObserving(_ observation: Observation) {
        observers.withLock { $0.remove(observation) }
    }

    func announce(_ events: [Event]) {
        guard !events.isEmpty else { return }
        let all = observers.withLock { $0.all }
        for event in events {
            for observer in all { observer(event) }
        }
    }
}

/// Who wants to hear of a feed's events.
struct Observers {
    private var next: UInt64 = 0
    private var byID: [(id: UInt64, call: @Sendable (Feed.Event) -> Void)] = []

    var all: [@Sendable (Feed.Event) -> Void] { byID.map(\.call) }

    mutating func add(_ call: @escaping @Sendable (Feed.Event) -> Void) -> Feed.Observation {
        next += 1
        byID.append((next, call))
        return Feed.Observation(id: next)
    }

    mutating func remove(_ observation: Feed.Observation) {
        byID.removeAll { $0.id == observation.id }
    }
}
