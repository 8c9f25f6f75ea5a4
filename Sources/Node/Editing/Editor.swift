import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// Changes own drives, in whatever process has the store: one change after the other, each as few
/// appends as possible.
public final class Editor: Sendable {
    private let engine: Engine
    private let report: @Sendable (EditProgress) -> Void
    private let note: @Sendable (String) -> Void

    /// `progress` is told often, from any thread; `note`: what was left out, a line each.
    public init(
        _ engine: Engine, progress: @escaping @Sendable (EditProgress) -> Void,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.engine = engine
        report = progress
        self.note = note
    }

    /// Changes a drive of this store. Everything is durable on return.
    ///
    /// Throws NodeError: `.notWritable` for what is not ours, `.notFound`, `.usage`, `.failed`;
    /// nothing was changed then, unless bytes were being copied.
    public func run(_ request: EditRequest, on key: PublicKey) async throws -> EditSummary {
        let subject = request.verb
        guard engine.store.isStored(key) else {
            throw NodeError(
                .notWritable, "drive \(key.hex) is not in this store, so it is not ours",
                hint: "only the store that made a drive changes it; see 'hyperfs drives'")
        }
        do {
            let drive = try Drive(store: engine.store, key: key)
            // What was written at a mount a moment ago is there for this change.
            let writers = engine.writers
            try await onThread("commit") { try writers.commit() }
            await lookForSources(of: request, in: key)
            let plan = try await carryOut(request, on: drive, subject)
            var summary = EditSummary(key: key, version: drive.version)
            summary.entries = plan.count
            try await copy(plan, &summary)
            try await bringIn(plan, &summary)
            for later in plan.later { try await finish(later, subject) }
            // And what was changed here is there at the mounts before anybody looks.
            try await onThread("commit") { try writers.commit() }
            summary.version = drive.version
            return summary
        } catch {
            throw NodeError(error, while: subject)
        }
    }

    /// Copies from somebody else's drive are of its newest version, if somebody is in reach.
    private func lookForSources(of request: EditRequest, in key: PublicKey) async {
        guard case .copy(let copying) = request else { return }
        let others = Set(copying.sources.compactMap(\.drive)).subtracting([key.hex])
        for other in others {
            guard let source = PublicKey(hex: other),
                let drive = try? Drive(store: engine.store, key: source), !drive.isWritable
            else { continue }
            engine.look(for: drive)
            await engine.refresh(drive)
        }
    }

    /// Plans, and does what needs no bytes.
    private func carryOut(
        _ request: EditRequest, on drive: Drive, _ subject: String
    ) async throws -> EditPlan {
        let scene = EditScene(drive: drive, registry: engine.registry)
        let turn = drive.metadata.companion { EditTurn() }
        for _ in 0..<Limits.replansMax {
            let done = try await local(subject) { () -> EditPlan? in
                try turn.lock.withLock { _ in
                    let plan = try request.plan(scene)
                    // The folders' new times go with what is brought in, if it is anything.
                    return try !plan.imports.isEmpty || plan.apply() ? plan : nil
                }
            }
            if let done { return done }
        }
        throw NodeError(
            .failed, "\(subject): the drive changes all the time", hint: "try again later")
    }

    /// What goes once copies are safe, if nobody has changed it since.
    private func finish(_ plan: EditPlan, _ subject: String) async throws {
        let isDone = try await local(subject) { try plan.apply() }
        guard isDone else {
            throw NodeError(
                .failed, "\(subject): the source was changed while it was copied, and is kept",
                hint: "compare both, and remove it yourself")
        }
    }

    /// Copies files from other drives.
    private func copy(_ plan: EditPlan, _ summary: inout EditSummary) async throws {
        guard !plan.jobs.isEmpty else { return }
        let copy = ByteCopy(plan.jobs, in: engine, progress: report)
        try await copy.run()
        summary.files = plan.jobs.count
        summary.bytes = copy.bytes
    }

    /// Copies local files in.
    private func bringIn(_ plan: EditPlan, _ summary: inout EditSummary) async throws {
        let left = Atomic(0)
        for (drive, items) in plan.imports {
            let closing = try plan.touches().first { $0.drive.key == drive.key }?.edits ?? []
            let copy = CopyIn(items, into: drive, closing: closing)
            let last = Mutex(EditProgress())
            let (report, note) = (report, note)
            let changed = try await withTaskCancellationHandler {
                try await onThread("put") {
                    try copy.run { done in
                        let done = EditProgress(done)
                        last.withLock { $0 = done }
                        report(done)
                    } note: {
                        left.add(1, ordering: .relaxed)
                        note($0)
                    }
                }
            } onCancel: {
                copy.cancel()
            }
            summary.entries += changed.count
            summary.files += last.withLock { $0.files }
            summary.bytes += last.withLock { $0.bytes }
        }
        summary.leftOut = left.load(ordering: .relaxed)
    }

    /// Runs something on a thread of its own, again whenever blocks that it misses have come.
    private func local<T: Sendable>(
        _ subject: String, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        while true {
            do {
                return try await onThread("edit", body)
            } catch let missing as MissingBlocks {
                try await engine.fetch(subject, missing.target, of: missing.feed)
            }
        }
    }
}

/// One change of a drive at a time.
final class EditTurn: Sendable { let lock = Mutex(()) }

extension EditProgress {
    init(_ progress: FolderImport.Progress) {
        files = progress.files
        filesTotal = progress.filesTotal
        bytes = progress.bytes
        bytesTotal = progress.bytesTotal
    }
}
