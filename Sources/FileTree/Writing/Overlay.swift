import Hyperdrive
import Synchronization

/// What was changed in a drive and is not committed: it covers what the shown version says,
/// wherever the drive is shown. Its places are those of the drive, of no volume.
///
/// A path that is renamed or removed stays marked as removed until the drive knows it, so that
/// nothing of the shown version shines through.
final class Overlay: Sendable {
    /// What is at a path now.
    enum Change: Sendable {
        case item(Item)
        case removed
    }

    private struct State: Sendable {
        var changes: [Place: Change] = [:]
        var children: [Place: Set<Place>] = [:]
    }

    private let state = Mutex(State())

    subscript(_ place: Place) -> Change? { state.withLock { $0.changes[place] } }

    var count: Int { state.withLock { $0.changes.count } }

    /// Everything, in no order.
    var all: [(place: Place, change: Change)] {
        state.withLock { $0.changes.map { ($0.key, $0.value) } }
    }

    func set(_ change: Change, at place: Place) {
        state.withLock { state in
            if state.changes.updateValue(change, forKey: place) == nil {
                state.children[place.parent, default: []].insert(place)
            }
        }
    }

    /// Forgets a change that the shown version has.
    func settle(_ place: Place) {
        state.withLock { state in
            guard state.changes.removeValue(forKey: place) != nil else { return }
            let parent = place.parent
            state.children[parent]?.remove(place)
            if state.children[parent]?.isEmpty == true { state.children[parent] = nil }
        }
    }

    /// The changes of the names in a folder.
    func children(of folder: Place) -> [(place: Place, change: Change)] {
        state.withLock { state in
            (state.children[folder] ?? []).compactMap { place in
                // The root is in itself.
                place == folder ? nil : state.changes[place].map { (place, $0) }
            }
        }
    }
}
