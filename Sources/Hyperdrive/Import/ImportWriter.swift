import Glibc
import HyperCrypto
import Hypercore

/// Collects an import's content and entries and commits them in parts: content first, then the
/// entries that point to it, so that a crash leaves at worst unused content.
final class ImportWriter {
    private let drive: Drive
    private let content: Feed
    private let commitEntries: Int
    private var batch: FeedBatch?
    private var edits: [Drive.Edit] = []
    private var bytes: UInt64 = 0
    private var began: ContinuousClock.Instant?
    /// Whether an entry was added behind the root's look.
    private(set) var hasWritten = false
    /// Paths of all entries so far.
    private(set) var changed: [String] = []

    init(_ drive: Drive, commitEntries: Int) throws {
        self.drive = drive
        self.commitEntries = commitEntries
        content = try drive.content()
    }

    /// Where the next block will be.
    var position: (block: UInt64, byte: UInt64) {
        batch.map { ($0.nextBlock, $0.nextByte) } ?? (content.lengths.blocks, content.lengths.bytes)
    }

    /// Adds the blocks of a piece; where the first one is. `lender`: the file whose bytes they
    /// are, if they are to stay there.
    func append(
        _ piece: ReadJob.Outcome, lender: Lender? = nil
    ) throws -> (block: UInt64, byte: UInt64) {
        let batch = try self.batch ?? content.beginBatch()
        self.batch = batch
        let start = (batch.nextBlock, batch.nextByte)
        for (i, leaf) in piece.leaves.enumerated() {
            let from = i * OwnLimits.blockBytes
            let block = piece.bytes[from..<min(piece.count, from + OwnLimits.blockBytes)]
            if let lender {
                try batch.append(
                    lent: block.count, leafHash: leaf, path: lender.path,
                    offset: lender.offset + UInt64(from))
            } else {
                try batch.append(UnsafeRawBufferPointer(rebasing: block), leafHash: leaf)
            }
        }
        bytes += UInt64(piece.count)
        return start
    }

    /// A file of the folder, relative to it, and where in it a piece begins.
    struct Lender {
        let path: String
        let offset: UInt64
    }

    /// Adds a change of the drive.
    func add(_ edit: Drive.Edit) {
        if edits.isEmpty { began = .now }
        edits.append(edit)
        hasWritten = true
        changed.append(edit.path)
    }

    /// Adds how the root looks. Not among the paths that changed: nobody reads it as an entry.
    func addRoot(_ stat: Stat) {
        edits.append(.root(stat: stat))
        hasWritten = false
    }

    /// Commits when it is time to. Not called in the middle of a file.
    func commitIfDue() throws {
        let isOld = began.map { .now - $0 > .seconds(OwnLimits.commitSeconds) } ?? false
        guard edits.count >= commitEntries || bytes >= OwnLimits.commitBytes || isOld
        else { return }
        try commit()
    }

    /// Makes everything so far durable and visible.
    func commit() throws {
        if let batch {
            self.batch = nil
            try batch.commit()
        }
        try drive.apply(edits)
        edits = []
        bytes = 0
        began = nil
    }

    /// Forgets what is not committed.
    func cancel() {
        batch?.cancel()
        batch = nil
        edits = []
    }
}
