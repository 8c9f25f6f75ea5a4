import Hypercore
import Synchronization

/// An operation that waits for a block. It is answered exactly once, whoever comes first: the
/// block, the time-out, the interrupt or the end of the mount.
public final class Pending: Sendable {
    private enum Stage {
        case waiting
        /// The answer is being made; an end that comes now counts if the making fails.
        case answering
        case done
    }

    private struct State: Sendable {
        var stage = Stage.waiting
        var late: PosixError?
        var stop: (@Sendable () -> Void)?
    }

    private let fail: @Sendable (PosixError) -> Void
    private let state = Mutex(State())

    init(fail: @escaping @Sendable (PosixError) -> Void) { self.fail = fail }

    /// Ends the wait (FUSE INTERRUPT): the reply comes with EINTR, before this returns.
    public func cancel() { end(.interrupted) }

    var isDone: Bool { state.withLock { if case .done = $0.stage { true } else { false } } }

    /// Ends the wait with an error, unless it was answered.
    func end(_ error: PosixError) {
        let (won, stop) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            switch state.stage {
            case .waiting:
                state.stage = .done
                defer { state.stop = nil }
                return (true, state.stop)
            case .answering:
                state.late = state.late ?? error
                return (false, nil)
            case .done:
                return (false, nil)
            }
        }
        guard won else { return }
        fail(error)
        stop?()
    }

    /// What withdraws the demand behind the wait; runs at once when the wait is over already.
    func onStop(_ stop: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state -> Bool in
            if case .done = state.stage { return true }
            state.stop = stop
            return false
        }
        if isOver { stop() }
    }

    /// Makes the answer and sends it, unless the wait is over. Goes on waiting when blocks are
    /// missing still, or a list is not complete.
    func answer<T>(_ reply: Tree.Reply<T>, _ attempt: () throws -> T) throws {
        let isMine = state.withLock { state -> Bool in
            guard case .waiting = state.stage else { return false }
            state.stage = .answering
            return true
        }
        guard isMine else { return }
        let result: Result<T, PosixError>
        do {
            result = .success(try attempt())
        } catch let missing where missing is MissingBlocks || missing is LongList.Incomplete {
            let late = state.withLock { state -> PosixError? in
                state.stage = state.late == nil ? .waiting : .done
                return state.late
            }
            guard let late else { throw missing }
            return fail(late)
        } catch {
            result = .failure(PosixError(error))
        }
        state.withLock { state in
            state.stage = .done
            state.stop = nil
        }
        reply(result)
    }
}
