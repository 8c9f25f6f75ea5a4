import Hyperdrive
import Synchronization

/// Every node the kernel has a name for, with how often it was told of it. FORGET takes them out:
/// the table is never larger than the kernel's own.
final class InodeTable: Sendable {
    fileprivate struct Slot: Sendable {
        let inode: Inode
        var lookups: UInt64
    }

    fileprivate struct State: Sendable {
        var slots: [UInt64: Slot] = [:]
        var byPlace: [Place: Inode] = [:]
        var next: UInt64 = 2
        /// Nodes by the number that people see, in drives that can be written.
        var byNumber: [UInt64: UInt64] = [:]
    }

    /// The number that people should see for a new node.
    struct Number {
        var preferred: UInt64
        /// No other node may have it: where names come and go, a new file at an old name would
        /// look like a second link to the file that had it.
        var isExclusive: Bool
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
    /// `make` gets the new node's id and number, and must not use the table.
    func enter(
        at place: Place, number: Number, fits: (Inode) -> Bool,
        make: (_ id: UInt64, _ number: UInt64) -> Inode
    ) -> Inode {
        state.withLock { state in
            if let inode = state.byPlace[place] {
                if fits(inode) {
                    state.slots[inode.id]?.lookups += 1
                    return inode
                }
                Self.detach(inode, in: &state)
            }
            let inode = make(state.next, state.take(number))
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
            if state.byNumber[slot.inode.number] == id { state.byNumber[slot.inode.number] = nil }
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

    /// Gives nodes other places within their drive, all at once: those at and below `from` go to
    /// `to`, and with `exchanging` those at and below `to` go to `from`.
    ///
    /// `isFolder`: whether there can be anything below; then every node is looked at.
    func move(from: Place, to: Place, exchanging: Bool, isFolder: Bool) {
        state.withLock { state in
            let nodes =
                isFolder
                ? state.slots.values.map(\.inode)
                : [from, to].compactMap { state.byPlace[$0] }
            var moves: [(inode: Inode, from: Place, to: Place)] = []
            for inode in nodes {
                guard let origin = inode.origin?.place, state.byPlace[origin] === inode else {
                    continue
                }
                if let place = origin.moved(from: from, to: to) {
                    moves.append((inode, origin, place))
                } else if exchanging, let place = origin.moved(from: to, to: from) {
                    moves.append((inode, origin, place))
                }
            }
            for move in moves { state.byPlace[move.from] = nil }
            for move in moves {
                state.byPlace[move.to] = move.inode
                move.inode.state.withLock { $0.move(to: move.to.path) }
            }
        }
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

extension InodeTable.State {
    /// The preferred number, or another that is free.
    fileprivate mutating func take(_ number: InodeTable.Number) -> UInt64 {
        guard number.isExclusive else { return number.preferred }
        var candidate = number.preferred
        while byNumber[candidate] != nil {
            // An odd step goes through all numbers before it comes to one again.
            candidate = max(2, (candidate &+ 0x1E37_79B9_7F4A_7C15) & (.max >> 1))
        }
        byNumber[candidate] = next
        return candidate
    }
}

extension Inode.State {
    /// Within its drive. The children of a nested drive stay where they are.
    fileprivate mutating func move(to path: String) {
        guard let old = origin else { return }
        let moved = Inode.Location(volume: old.volume, path: path)
        if home?.place == old.place { home = moved }
        origin = moved
    }
}
