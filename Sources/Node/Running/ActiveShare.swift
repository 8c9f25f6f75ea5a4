import Foundation
import Hyperdrive
import Synchronization

/// A share that a node keeps: its import, its watching, and who wants it.
final class ActiveShare: Sendable {
    /// How far it is.
    enum Phase: String, Sendable {
        case importing
        case ready
    }

    private struct State: Sendable {
        var phase = Phase.importing
        var isDetached: Bool
        /// Clients that are attached.
        var clients = 0
        var isStopped = false
        var lastProgress: ContinuousClock.Instant?
        var failure: NodeError?
    }

    let order: ShareOrder
    let share: Share
    let since = Date()
    /// Opens when it is over.
    let ended = Gate()
    private let engine: Engine
    private let events: EventHub
    private let stopped = Gate()
    private let state: Mutex<State>

    init(_ order: ShareOrder, _ share: Share, engine: Engine, events: EventHub) {
        self.order = order
        self.share = share
        self.engine = engine
        self.events = events
        state = Mutex(State(isDetached: order.isDetached))
    }

    /// The folder, symlinks resolved.
    var folder: String { share.folder }
    var phase: Phase { state.withLock { $0.phase } }
    var isDetached: Bool { state.withLock { $0.isDetached } }
    var failure: NodeError? { state.withLock { $0.failure } }

    /// From now on the node keeps it.
    func detach() { state.withLock { $0.isDetached = true } }

    /// A client that goes with it. False: it is ending already.
    func attach() -> Bool {
        state.withLock { state in
            if state.isStopped { return false }
            state.clients += 1
            return true
        }
    }

    /// The client is gone; with the last one an attached share ends.
    func leave() {
        let isOver = state.withLock { state in
            state.clients -= 1
            return state.clients == 0 && !state.isDetached
        }
        if isOver { stop() }
    }

    /// Ends import and watching.
    func stop() {
        state.withLock { $0.isStopped = true }
        share.stop()
        stopped.open()
    }

    /// Imports, follows, and returns when it is over.
    func run() async {
        do {
            try await work()
        } catch {
            let failure = NodeError(error, while: "sharing \(folder)")
            // An import that was cut short on request goes on from there the next time.
            state.withLock { if !$0.isStopped { $0.failure = failure } }
        }
        state.withLock { $0.isStopped = true }
    }

    private func work() async throws {
        let note: @Sendable (String) -> Void = { [self] text in
            tell(["event": "note", "text": .string(text)])
        }
        if !order.isOnce { try share.beginWatching() }
        _ = try await share.importAll(progress: { [self] in tell($0) }, note: note)
        state.withLock { $0.phase = .ready }
        tell(readyEvent)
        if order.isOnce {
            if engine.configuration.network != nil { await stopped.wait() }
            return
        }
        try await share.follow(
            changed: { [self] paths in
                tell([
                    "event": "changed", "version": .number(share.drive.version),
                    "paths": .array(paths.map { .string($0) }),
                ])
            }, note: note)
    }

    /// At most four a second.
    private func tell(_ progress: FolderImport.Progress) {
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastProgress, now - last < Limits.progressTick { return false }
            state.lastProgress = now
            return true
        }
        guard isDue else { return }
        tell([
            "event": "progress", "files": .number(UInt64(progress.files)),
            "filesTotal": .number(UInt64(progress.filesTotal)), "bytes": .number(progress.bytes),
            "bytesTotal": .number(progress.bytesTotal),
        ])
    }

    private func tell(_ event: JSONValue) {
        events.publish(event.adding(["folder": .string(folder)]))
    }
}

extension ActiveShare {
    /// What is said first, before anything has been read.
    var keyEvent: JSONValue {
        let key = share.drive.key.hex
        return [
            "event": "key", "key": .string(key), "url": .string("hyper://\(key)"),
            "path": .string(folder), "writable": true,
        ]
    }

    /// Everything so far is imported and served.
    var readyEvent: JSONValue {
        [
            "event": "ready", "key": .string(share.drive.key.hex),
            "version": .number(share.drive.version),
            "listen": .array(engine.addresses.map { .string($0.description) }),
        ]
    }

    /// The options of another order for the folder that come too late for this share.
    func conflicts(with other: ShareOrder) -> [String] {
        var conflicts: [String] = []
        if other.isOnce, !order.isOnce { conflicts.append("--once") }
        let usual = FolderImport.Options().ignoreFile
        if let file = other.ignoreFile, file != order.ignoreFile ?? usual {
            conflicts.append("--ignore")
        }
        if let isInPlace = other.isInPlace, isInPlace != share.isInPlace {
            conflicts.append(isInPlace ? "--in-place" : "--no-in-place")
        }
        return conflicts
    }

    /// Its line in the list of shares.
    var json: JSONValue {
        [
            "folder": .string(folder), "key": .string(share.drive.key.hex),
            "version": .number(share.drive.version), "phase": .string(phase.rawValue),
            "once": .bool(order.isOnce), "inPlace": .bool(share.isInPlace),
            "detached": .bool(isDetached),
            "since": .string(since.ISO8601Format()),
        ]
    }
}
