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
    let reappends = Mutex(Reappends())

    fileprivate struct State: Sendable {
        /// When the next commit is to be, if nobody asks before.
        var due: ContinuousClock.Instant?
        var waiting: [Tree.Reply<Void>] = []
        /// How long the last commit took, and when it ended.
        var lastDuration: Duration = .zero
        var lastEnd: ContinuousClock.Instant?
        /// How many changes it found.
        var lastCount = 0
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
        let now = ContinuousClock.now
        let due = state.withLock { state -> ContinuousClock.Instant? in
            guard !state.isClosed else { return nil }
            let due =
                isLater
                ? now + .milliseconds(Limits.commitRetryMilliseconds) : state.next(now)
            if let earlier = state.due, earlier <= due { return nil }
            state.due = due
            return due
        }
        guard let due else { return }
        let time = DispatchTime.now() + .nanoseconds(Int((due - now) / .nanoseconds(1)))
        queue.asyncAfter(deadline: time) { [weak self] in
            guard let self else { return }
            // An earlier one may have come since.
            let isDue = state.withLock { $0.due == due && !$0.isClosed }
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
            state.due = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        let start = ContinuousClock.now
        let count = overlay.count
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
            state.lastEnd = .now
            state.lastDuration = .now - start
            state.lastCount = count
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

extension Writer.State {
    /// When what is changed now should be committed.
    ///
    /// A pause as long as the last commit took: commits take half of the time at most. A longer one
    /// after many changes: nobody looks at each of them, and every commit syncs eight files.
    fileprivate func next(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if failure != nil { return now + .milliseconds(Limits.commitRetryMilliseconds) }
        let soon = now + .milliseconds(Limits.commitDelayMilliseconds)
        guard let lastEnd else { return soon }
        var pause = lastDuration
        if lastCount >= Limits.burstChanges {
            pause = max(
                pause * Limits.burstDelayFactor, .milliseconds(Limits.burstDelayMilliseconds))
        }
        pause = min(pause, .milliseconds(Limits.commitDelayMillisecondsMax))
        return max(soon, lastEnd + pause)
    }
}

extension Writer {
    /// What everybody uses who opens or changes a path, made when nobody does yet.
    func item(at place: Place, make: () -> Item) -> Item {
        if case .item(let item)? = overlay[place] { return item }
        return items.item(at: place, make: make)
    }
}
