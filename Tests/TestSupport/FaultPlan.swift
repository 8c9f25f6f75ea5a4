import Hypercore
import Synchronization

/// Decides which call to a storage fails. One plan may be shared by many storages, whose calls it
/// counts together.
public final class FaultPlan: Sendable {
    private struct State {
        var calls = 0
        var failing: Int?
        var stays = false
        var errno: Int32 = 5
        var hits = 0
    }

    private let state = Mutex(State())

    /// Nothing fails until `fail` is called.
    public init() {}

    /// Lets the `call`-th call from now on fail (0 = the next); with `stays` all later ones too.
    /// `errno`: 5 is EIO, 28 ENOSPC.
    public func fail(_ call: Int, stays: Bool = false, errno: Int32 = 5) {
        state.withLock { $0 = State(failing: call, stays: stays, errno: errno) }
    }

    /// Nothing fails any more; the count starts again.
    public func heal() { state.withLock { $0 = State() } }

    /// Calls since `fail` or `heal`.
    public var calls: Int { state.withLock { $0.calls } }

    /// How many of them failed.
    public var hits: Int { state.withLock { $0.hits } }

    func next(_ what: String) throws {
        let number: Int32? = state.withLock { state in
            defer { state.calls += 1 }
            guard let failing = state.failing else { return nil }
            guard state.calls == failing || (state.stays && state.calls > failing) else {
                return nil
            }
            state.hits += 1
            return state.errno
        }
        if let number { throw FeedError(.io, "planned fault: \(what)", errno: number) }
    }
}
