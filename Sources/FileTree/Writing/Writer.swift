import Dispatch
import Glibc
import Hyperdrive
import Synchronization

/// What makes a drive writable: the changes that wait, and the thread that commits them. All
/// volumes that show the drive have the same one.
///
/// Commits are grouped: while one is under way, or nothing presses, changes gather, and the next
/// takes all of them in one append of content and one of entries.
final class Writer: Sendable {
    let drive: Drive
    let overlay = Overlay()
    let items = Items()
    let area: StagingArea
    /// Common to the trees that show the drive.
    let gate: Gate
    let showing: Showing

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

    init(_ drive: Drive, area: StagingArea, gate: Gate) {
        self.drive = drive
        self.area = area
        self.gate = gate
        showing = Showing(drive)
    }

    /// Throws EROFS once somebody else is known to have written to the drive.
    func checkAlone() throws(PosixError) {
        if let refusal = drive.metadata.refusal { throw PosixError(EROFS, refusal.message) }
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
            if isDue { run(.due) }
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
            if isWaiting { run(.closed) }
        }
    }

    /// Waits while too much waits: whoever changes faster than the disk is held up.
    func waitForRoom() {
        guard overlay.count >= Limits.waitingChanges else { return }
        queue.sync {
            if overlay.count >= Limits.waitingChanges { run(.due) }
        }
    }

    /// Commits everything that was closed. Throws what the commit threw.
    func commit() throws(PosixError) { try runNow(.closed) }

    /// Commits everything, also of files that are being written. Throws what the commit threw.
    func commitEverything() throws(PosixError) { try runNow(.everything) }

    private func runNow(_ scope: Scope) throws(PosixError) {
        let failure = queue.sync { () -> PosixError? in
            guard !state.withLock({ $0.isClosed }) else { return nil }
            run(scope)
            return state.withLock { $0.failure }
        }
        if let failure { throw failure }
    }

    /// Commits everything, for the last time. Throws what the commit threw.
    func close() throws(PosixError) {
        let failure = queue.sync { () -> PosixError? in
            guard !state.withLock({ $0.isClosed }) else { return nil }
            run(.everything)
            return state.withLock { state in
                state.isClosed = true
                return state.failure
            }
        }
        if let failure { throw failure }
    }

    private func run(_ scope: Scope) {
        let waiting = state.withLock { state in
            state.isScheduled = false
            defer { state.waiting = [] }
            return state.waiting
        }
        let start = ContinuousClock.now
        let result: Result<Void, PosixError>
        var isPutOff = false
        do {
            // Whoever waits may have come while another was served.
            isPutOff = try commit(waiting.isEmpty ? scope : max(scope, .closed))
            result = .success(())
        } catch {
            result = .failure(PosixError(error))
        }
        var isNews = false
        state.withLock { state in
            state.lastDuration = .now - start
            if case .failure(let error) = result {
                isNews = state.failure?.message != error.message
                state.failure = error
            } else {
                state.failure = nil
            }
        }
        for reply in waiting { reply(result) }
        if isNews, case .failure(let error) = result {
            note("what was written cannot be committed yet: \(error.message)")
        }
        // What failed is tried again.
        if case .failure = result { isPutOff = true }
        if isPutOff { soon(isLater: true) }
    }

    private func note(_ text: String) {
        showing.sites.first?.tree.configuration.note(text)
    }
}

extension Writer {
    /// What everybody uses who opens or changes a path, made when nobody does yet.
    func item(at place: Place, make: () -> Item) -> Item {
        if case .item(let item)? = overlay[place] { return item }
        return items.item(at: place, make: make)
    }
}
