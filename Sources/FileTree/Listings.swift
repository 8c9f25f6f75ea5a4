import Synchronization

/// Lists of folders, kept so that opening a folder again does not walk the trie again. Bounded;
/// the oldest go first. What is in it is of the version that is shown.
final class Listings: Sendable {
    /// A refused one takes no memory: it is remembered, so that the folder is not gone through
    /// again.
    private struct Long: Sendable {
        weak var list: LongList?
        var refused: LongList?
    }

    private struct State: Sendable {
        var lists: [Place: [Child]] = [:]
        var order: [Place] = []
        var entries = 0
        /// Those that are being made or in use, and those that were refused.
        var long: [Place: Long] = [:]

        mutating func drop(_ place: Place) {
            guard let list = lists.removeValue(forKey: place) else { return }
            entries -= list.count + 1
            if let index = order.firstIndex(of: place) { order.remove(at: index) }
        }
    }

    private let state = Mutex(State())

    subscript(_ place: Place) -> [Child]? { state.withLock { $0.lists[place] } }

    /// Keeps a list. Only within the gate's `reading`, so that it cannot be older than the version.
    func keep(_ list: [Child], at place: Place) {
        guard list.count <= Limits.listedEntries / 4 else { return }
        state.withLock { state in
            state.drop(place)
            state.lists[place] = list
            state.order.append(place)
            // One for the list itself: empty folders take memory too.
            state.entries += list.count + 1
            while state.entries > Limits.listedEntries, let oldest = state.order.first {
                state.drop(oldest)
            }
        }
    }

    func drop(_ place: Place) {
        state.withLock { state in
            state.drop(place)
            state.long.removeValue(forKey: place).map { ($0.list ?? $0.refused)?.expire() }
        }
    }

    /// The long list of a folder that somebody makes or uses.
    func long(_ place: Place) -> LongList? {
        state.withLock { $0.long[place].flatMap { $0.list ?? $0.refused } }
    }

    /// Makes one known; the first counts. Only within the gate's `reading`, as above.
    func begin(_ list: LongList, at place: Place) -> LongList {
        state.withLock { state in
            if let first = state.long[place]?.list { return first }
            state.long = state.long.filter { $0.value.list != nil || $0.value.refused != nil }
            if state.long.count < Limits.longLists { state.long[place] = Long(list: list) }
            return list
        }
    }

    /// There will be none until the folder changes.
    func refuse(_ list: LongList) {
        state.withLock { state in
            for (place, long) in state.long where long.list === list {
                state.long[place] = Long(list: list, refused: list)
            }
        }
    }
}
