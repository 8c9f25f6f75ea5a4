import Hyperdrive
import Synchronization

/// The list of a folder of so many entries that nobody holds a worker and the gate until it is
/// made: it is made piece by piece between other answers, once for all who ask, and refused when
/// there is no end to it.
final class LongList: Sendable {
    private struct State: Sendable {
        var children: [Child]
        var refusal: PosixError?
        var isComplete = false
        /// The folder has changed since it was begun.
        var isOld = false
    }

    private let path: String
    private let limit: Int
    private let walk: FolderWalk
    private let state: Mutex<State>

    /// Goes on from what was found already; refuses more than `limit` entries.
    init(_ path: String, _ walk: FolderWalk, found: [Child], limit: Int) {
        self.path = path
        self.limit = limit
        self.walk = walk
        state = Mutex(State(children: found))
    }

    /// The folder has changed: the next who asks begins anew.
    func expire() { state.withLock { $0.isOld = true } }

    var isOld: Bool { state.withLock { $0.isOld } }

    /// The list, by name; nil while it is not complete. Throws why there is none.
    func children() throws(PosixError) -> [Child]? {
        let (children, refusal) = state.withLock { state in
            (state.isComplete ? state.children : nil, state.refusal)
        }
        if let refusal { throw refusal }
        return children
    }

    /// One piece more; true at the end. Throws `MissingBlocks` without losing its place. One at a
    /// time.
    func goOn(onHidden: (String) -> Void) throws -> Bool {
        let isOver = state.withLock { $0.isComplete || $0.refusal != nil }
        if isOver { return true }
        let piece = try walk.next(atMost: Limits.listedAtOnce, onHidden: onHidden)
        return state.withLock { state in
            guard !piece.isEmpty else {
                state.children.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                state.isComplete = true
                return true
            }
            guard state.children.count + piece.count <= limit else {
                let error = DriveError.tooManyEntries(path, limit)
                state.refusal = PosixError(error)
                state.children = []
                return true
            }
            for entry in piece { state.children.append(Child(entry)) }
            return false
        }
    }

    /// What an attempt throws that meets one which is not complete.
    struct Incomplete: Error {
        let list: LongList
    }
}

/// Who makes a long list now: one at a time in a tree, or a few folders of a hostile drive would
/// take all memory.
final class ListingTurn: Sendable {
    private struct State: Sendable {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits for its turn; `end` must follow.
    func begin() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if !state.isTaken {
                    state.isTaken = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// The next one's.
    func end() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isTaken = !state.waiting.isEmpty
            return state.isTaken ? state.waiting.removeFirst() : nil
        }
        next?.resume()
    }
}
