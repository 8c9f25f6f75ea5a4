import Synchronization

/// Lists of folders, kept so that opening a folder again does not walk the trie again. Bounded;
/// the oldest go first. What is in it is of the version that is shown.
final class Listings: Sendable {
    private struct State: Sendable {
        var lists: [Place: [Child]] = [:]
        var order: [Place] = []
        var entries = 0

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

    func drop(_ place: Place) { state.withLock { $0.drop(place) } }
}
