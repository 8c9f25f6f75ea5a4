import Hyperdrive
import Synchronization

/// Every node the kernel has a name for, with how often it was told of it. FORGET takes them out:
/// the table is never larger than the kernel's own.
final class InodeTable: Sendable {
    private struct Slot: Sendable {
        let inode: Inode
        var lookups: UInt64
    }

    private struct State: Sendable {
        var slots: [UInt64: Slot] = [:]
        var byPlace: [Place: Inode] = [:]
        var next: UInt64 = 2
    }

    let root: Inode
    private let state: Mutex<State>

    init(root: Inode) {
        self.root = root
        var state = State()
        state.slots[root.id] = Slot(inode: root, lookups: .max / 2)
        for place in root.places { state.byPlace[place] = root }
        self.state = Mutex(state)
    }

    var count: Int { state.withLock { $0.slots.count } }

    func inode(_ id: UInt64) -> Inode? { state.withLock { $0.slots[id]?.inode } }

    func inode(at place: Place) -> Inode? { state.withLock { $0.byPlace[place] } }

    /// Every node; for rare sweeps.
    var all: [Inode] { state.withLock { $0.slots.values.map(\.inode) } }

    /// The node at a place, made when there is none that `fits`, and counted as told once more.
    ///
    /// `make` gets the new node's id and must not use the table.
    func enter(
        at place: Place, fits: (Inode) -> Bool, make: (UInt64) -> Inode
    ) -> Inode {
        state.withLock { state in
            if let inode = state.byPlace[place] {
                if fits(inode) {
                    state.slots[inode.id]?.lookups += 1
                    return inode
                }
                Self.detach(inode, in: &state)
            }
            let inode = make(state.next)
            state.next += 1
            state.slots[inode.id] = Slot(inode: inode, lookups: 1)
            for place in inode.places { state.byPlace[place] = inode }
            return inode
        }
    }

    /// The kernel has dropped `count` of its names for a node.
    func forget(_ id: UInt64, count: UInt64) {
        state.withLock { state in
            guard let slot = state.slots[id], id != root.id else { return }
            if slot.lookups > count {
                state.slots[id]?.lookups -= count
                return
            }
            state.slots[id] = nil
            for place in slot.inode.places where state.byPlace[place] === slot.inode {
                state.byPlace[place] = nil
            }
        }
    }

    /// Takes a node's places away: the next look-up there makes another.
    func detach(_ inode: Inode) { state.withLock { Self.detach(inode, in: &$0) } }

    private static func detach(_ inode: Inode, in state: inout State) {
        for place in inode.places where state.byPlace[place] === inode {
            state.byPlace[place] = nil
        }
        inode.state.withLock { $0.isDetached = true }
    }

    /// The pair of every change: what is found by place is in the table, and attached.
    func checkInvariants() {
        state.withLock { state in
            for (place, inode) in state.byPlace {
                precondition(state.slots[inode.id]?.inode === inode)
                precondition(inode.places.contains(place))
                precondition(!inode.state.withLock { $0.isDetached })
            }
            precondition(state.slots.values.allSatisfy { $0.lookups > 0 })
        }
    }
}
