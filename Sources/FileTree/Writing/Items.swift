import Synchronization

/// The items of a drive that are in use: everybody who opens or changes a path gets the same one,
/// through whichever mount.
final class Items: Sendable {
    fileprivate struct Weak: Sendable {
        weak var item: Item?
    }

    fileprivate struct State: Sendable {
        var known: [Place: Weak] = [:]
        /// Items whose users are gone are swept out when the table has grown to this.
        var sweepCount = Limits.itemsSweptMin
    }

    private let state = Mutex(State())

    /// The item at a place, made when nobody uses one. `make` must not use the table.
    func item(at place: Place, make: () -> Item) -> Item {
        state.withLock { state in
            if let item = state.known[place]?.item { return item }
            let item = make()
            state.put(item, at: place)
            return item
        }
    }

    /// A place has another item now.
    func put(_ item: Item, at place: Place) { state.withLock { $0.put(item, at: place) } }

    /// A place has none any more; who uses it keeps it.
    func forget(_ place: Place) { state.withLock { $0.known[place] = nil } }
}

extension Items.State {
    fileprivate mutating func put(_ item: Item, at place: Place) {
        known[place] = Items.Weak(item: item)
        guard known.count >= sweepCount else { return }
        known = known.filter { $0.value.item != nil }
        sweepCount = max(Limits.itemsSweptMin, 2 * known.count)
    }
}
