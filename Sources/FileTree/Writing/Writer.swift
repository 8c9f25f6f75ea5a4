import Dispatch
import Glibc
import Hyperdrive
import Synchronization

/// What makes a volume writable: the changes that wait, and the thread that commits them.
///
/// Commits are grouped: while one is under way, or nothing presses, changes gather, and the next
/// takes all of them in one append of content and one of entries.
final class Writer: Sendable {
    let drive: Drive
    let overlay = Overlay()
    let area: StagingArea

    private struct State: Sendable {
        var isScheduled = false
        var waiting: [Tree.Reply<Void>] = []
        /// How long the last commit took.
        var lastDuration: Duration = .zero
        /// Why the last one failed.
        var failure: PosixError?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "hyperfs.commit")
    /// The work itself.
    private let perform = Mutex<Work?>(nil)

    /// One commit; with true of everything, also of files that are being written. Returns whether
    /// something waits for its turn.
    typealias Work = @Sendable (Bool) throws -> Bool

    init(_ drive: Drive, area: StagingArea) {
        self.drive = drive
        self.area = area
    }

    func onCommit(_ body: @escaping Work) {
        perform.withLock { $0 = body }
    }

    /// Why the last commit failed; nil = it did not.
    var failure: PosixError? { state.withLock { $0.failure } }

    /// Something was changed: it will be committed before long; with `isLater` not at once.
    func soon(isLater: Bool = false) {
        let delay = state.withLock { state -> Duration? in
            guard !state.isScheduled, !state.isClosed else { return nil }
            state.isScheduled = true
            if state.failure != nil || isLater {
                return .milliseconds(Limits.commitRetryMilliseconds)
            }
            // As long again as the last one took: commits take half of the time at most.
            return min(
                max(state.lastDuration, .milliseconds(Limits.commitDelayMilliseconds)),
                .milliseconds(Limits.commitDelayMillisecondsMax))
        }
        guard let delay else { return }
        let time = DispatchTime.now() + .nanoseconds(Int(delay / .nanoseconds(1)))
        queue.asyncAfter(deadline: time) { [weak self] in
            guard let self else { return }
            let isDue = state.withLock { $0.isScheduled && !$0.isClosed }
            if isDue { run(everything: false) }
        }
    }

    /// Replies when everything up to now is durable, from another thread.
    func sync(_ reply: @escaping Tree.Reply<Void>) {
        let mayWait = state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            state.waiting.append(reply)
            return true
        }
        guard mayWait else { return reply(.failure(PosixError(EIO, "the mount is being closed"))) }
        queue.async { [weak self] in
            guard let self else { return }
            // A commit may have taken the request along.
            let isWaiting = state.withLock { !$0.waiting.isEmpty }
            if isWaiting { run(everything: false) }
        }
    }

    /// Waits while too much waits: whoever changes faster than the disk is held up.
    func waitForRoom() {
        guard overlay.count >= Limits.waitingChanges else { return }
        queue.sync {
            if overlay.count >= Limits.waitingChanges { run(everything: false) }
        }
    }

    /// Commits everything, for the last time. Throws what the commit threw.
    func close() throws(PosixError) {
        let failure = queue.sync { () -> PosixError? in
            guard !state.withLock({ $0.isClosed }) else { return nil }
            run(everything: true)
            return state.withLock { state in
                state.isClosed = true
                return state.failure
            }
        }
        if let failure { throw failure }
    }

    private func run(everything: Bool) {
        let waiting = state.withLock { state in
            state.isScheduled = false
            defer { state.waiting = [] }
            return state.waiting
        }
        let start = ContinuousClock.now
        let result: Result<Void, PosixError>
        var isPutOff = false
        do {
            isPutOff = try perform.withLock { $0 }?(everything) ?? false
            result = .success(())
        } catch {
            result = .failure(PosixError(error))
        }
        state.withLock { state in
            state.lastDuration = .now - start
            if case .failure(let error) = result {
                state.failure = error
            } else {
                state.failure = nil
            }
        }
        for reply in waiting { reply(result) }
        // What failed is tried again.
        if case .failure = result { isPutOff = true }
        if isPutOff { soon(isLater: true) }
    }
}
