import CFuse
import Dispatch
import FileTree
import Glibc
import Synchronization

/// Tells the kernel what to forget, from a thread of its own: the kernel takes locks for it that
/// are held while a request waits for us.
final class Invalidator: Sendable {
    private struct State: Sendable {
        var queue: [Tree.Invalidation] = []
        var isStopped = false
    }

    private let session: SessionPointer
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    init(_ session: SessionPointer) { self.session = session }

    /// Any thread. Returns at once.
    func add(_ change: Tree.Invalidation) {
        let isFirst = state.withLock { state -> Bool in
            guard !state.isStopped else { return false }
            state.queue.append(change)
            return state.queue.count == 1
        }
        if isFirst { work.signal() }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.queue = []
        }
        work.signal()
    }

    /// The thread's body, until `stop`.
    func run() {
        while true {
            work.wait()
            let (changes, isStopped) = state.withLock { state in
                defer { state.queue = [] }
                return (state.queue, state.isStopped)
            }
            if isStopped { return }
            for change in changes { tell(change) }
        }
    }

    /// A kernel that does not know the node or name says ENOENT; that is as well.
    private func tell(_ change: Tree.Invalidation) {
        guard let se = session.raw else { return }
        switch change {
        case .entry(let parent, let name):
            fuse_lowlevel_notify_inval_entry(se, parent, name, name.utf8.count)
        case .expiry(let parent, let name):
            // A kernel before 6.2 drops the name; then so be it.
            if cfuse_notify_expire_entry(se, parent, name, name.utf8.count) == -ENOSYS {
                fuse_lowlevel_notify_inval_entry(se, parent, name, name.utf8.count)
            }
        case .listing(let node):
            fuse_lowlevel_notify_inval_inode(se, node, 0, 0)
        case .content(let node, let bytes):
            fuse_lowlevel_notify_inval_inode(
                se, node, off_t(clamping: bytes.lowerBound), off_t(clamping: bytes.count))
        case .unused(let nodes, let parent, let name):
            if !session.prune(nodes) {
                // A kernel before 6.18 drops all that is unused below the name, and the name:
                // who stands just there cannot be told its path until somebody looks it up.
                fuse_lowlevel_notify_inval_entry(se, parent, name, name.utf8.count)
            }
        case .attributes(let node):
            fuse_lowlevel_notify_inval_inode(se, node, -1, 0)
        }
    }
}
