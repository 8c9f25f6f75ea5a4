import NIOCore
import Synchronization

/// Counts what a node runs for (mounts, shares, seeds, requests in hand), and says when it has had
/// nothing for a while.
final class Occupancy: Sendable {
    private struct State: Sendable {
        var count = 0
        var timer: Scheduled<Void>?
        var isIdle: (@Sendable () -> Void)?
        var isClosed = false
    }

    private let loop: any EventLoop
    /// nil: it stays whatever happens.
    private let linger: Duration?
    private let state = Mutex(State())

    init(loop: any EventLoop, linger: Duration?) {
        self.loop = loop
        self.linger = linger
    }

    /// What to call, once. A node that is to serve others before itself is idle from the start.
    func onIdle(fromNowOn: Bool, _ body: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.isIdle = body
            if fromNowOn { arm(&state) }
        }
    }

    /// How much there is now.
    var count: Int { state.withLock { $0.count } }

    func enter() {
        state.withLock { state in
            state.count += 1
            state.timer?.cancel()
            state.timer = nil
        }
    }

    func leave() {
        state.withLock { state in
            state.count -= 1
            arm(&state)
        }
    }

    /// Nobody is called any more.
    func close() {
        state.withLock { state in
            state.timer?.cancel()
            state.timer = nil
            state.isIdle = nil
            state.isClosed = true
        }
    }

    private func arm(_ state: inout State) {
        guard let linger, state.count == 0, !state.isClosed else { return }
        state.timer?.cancel()
        state.timer = loop.scheduleTask(in: TimeAmount(linger)) { self.lookAgain() }
    }

    private func lookAgain() {
        let body = state.withLock { state in
            state.count == 0 ? state.isIdle : nil
        }
        body?()
    }
}
