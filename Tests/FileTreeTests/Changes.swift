import FileTree
import Synchronization
import Testing

/// What a tree tells the kernel to forget, to be waited for.
final class Changes: Sendable {
    private struct State: Sendable {
        var seen: [Tree.Invalidation] = []
        var waiter: (Tree.Invalidation, CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    init(of tree: Tree) {
        tree.onInvalidate { [weak self] in self?.add($0) }
    }

    var all: [Tree.Invalidation] { state.withLock { $0.seen } }

    private func add(_ change: Tree.Invalidation) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.seen.append(change)
            guard let (wanted, waiter) = state.waiter, wanted == change else { return nil }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Waits until the change was told.
    func next(_ wanted: Tree.Invalidation) async {
        await withCheckedContinuation { continuation in
            let isSeen = state.withLock { state -> Bool in
                if state.seen.contains(wanted) { return true }
                state.waiter = (wanted, continuation)
                return false
            }
            if isSeen { continuation.resume() }
        }
    }
}
