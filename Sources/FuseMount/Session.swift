import CFuse
import Dispatch
import FileTree
import Glibc
import Synchronization

/// One connection to the kernel: what its requests need besides themselves.
final class Session: Sendable {
    let tree: Tree

    /// A request that has not been answered.
    private struct Ticket: Sendable {
        var pending: Pending?
        var isInterrupted = false
    }

    private struct State: Sendable {
        var tickets: [UInt: Ticket] = [:]
        var next: UInt = 1
        var isDraining = false
    }

    private let state = Mutex(State())
    private let drained = DispatchSemaphore(value: 0)

    init(tree: Tree) { self.tree = tree }

    /// The one that a request came through.
    static func of(_ raw: fuse_req_t?) -> Session? {
        fuse_req_userdata(raw).map { Unmanaged<Session>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Answers a request that may have to wait. INTERRUPT ends the wait with EINTR.
    func serve<T: Sendable>(
        _ request: Request, start: (@escaping Tree.Reply<T>) -> Pending?,
        answer: @escaping @Sendable (Request, Result<T, PosixError>) -> Void
    ) {
        let id = state.withLock { state in
            defer { state.next += 1 }
            state.tickets[state.next] = Ticket()
            return state.next
        }
        // Before the start: afterwards the request may be answered and gone. A number and not an
        // object goes with it, because libfuse may call while another thread answers.
        fuse_req_interrupt_func(
            request.raw,
            { request, data in
                Session.of(request)?.interrupt(UInt(bitPattern: data))
            }, UnsafeMutableRawPointer(bitPattern: id))
        let pending = start { [self] result in
            answer(request, result)
            end(id)
        }
        if let pending { hold(pending, id) }
    }

    private func hold(_ pending: Pending, _ id: UInt) {
        let isInterrupted = state.withLock { state in
            state.tickets[id]?.pending = pending
            return state.tickets[id]?.isInterrupted == true
        }
        if isInterrupted { pending.cancel() }
    }

    private func interrupt(_ id: UInt) {
        let pending = state.withLock { state in
            state.tickets[id]?.isInterrupted = true
            return state.tickets[id]?.pending
        }
        pending?.cancel()
    }

    private func end(_ id: UInt) {
        let isDrained = state.withLock { state in
            state.tickets[id] = nil
            return state.isDraining && state.tickets.isEmpty
        }
        if isDrained { drained.signal() }
    }

    /// Ends what waits.
    func interruptAll() {
        let waiting = state.withLock { $0.tickets.values.compactMap(\.pending) }
        for pending in waiting { pending.cancel() }
    }

    /// Ends what waits and returns when nothing is unanswered: libfuse's requests die with their
    /// session. Only once no new request can come.
    func drain() {
        let isEmpty = state.withLock { state in
            state.isDraining = true
            return state.tickets.isEmpty
        }
        guard !isEmpty else { return }
        interruptAll()
        drained.wait()
    }
}
