import Hypercore

/// What one pass over a folder that is shared in place finds out about its files, to tell the
/// content feed when the entries are committed: which files lend bytes that are in the feed
/// already, and which bytes nobody lends any more.
final class InPlaceLedger {
    private let content: Feed
    private var lendings: [Feed.Lending] = []
    /// First blocks of content that some file still has, be it under another name, and which.
    private var kept: [UInt64: String] = [:]
    private var released: [(path: String, blocks: Range<UInt64>, bytes: Range<UInt64>)] = []

    /// Throws `FeedError` when the content cannot be written.
    init(_ content: Feed, folder: String) throws {
        self.content = content
        try content.setLendingFolder(folder)
    }

    /// Whether the feed looks for the bytes of an unchanged file elsewhere, or has forgotten them.
    func needs(_ stat: Stat, _ path: String) -> Bool {
        guard stat.size > 0 else { return false }
        return content.lender(of: stat.contentBytes) != path
            || content.firstMissing(in: stat.contentBlocks) != nil
    }

    /// Whether the file may be who lends those bytes. What another one lends is content of its own,
    /// as long as it is there: it may change.
    func mayLend(_ stat: Stat, _ path: String, isGone: (String) -> Bool) -> Bool {
        guard stat.size > 0 else { return true }
        if let other = kept[stat.offset], other != path { return false }
        guard let other = content.lender(of: stat.contentBytes), other != path else { return true }
        return isGone(other)
    }

    /// The file has the bytes that the feed has there.
    func lend(_ stat: Stat, _ path: String) {
        guard stat.size > 0 else { return }
        kept[stat.offset] = path
        guard needs(stat, path) else { return }
        lendings.append(Feed.Lending(blocks: stat.contentBlocks, path: path))
    }

    /// An entry of a file goes, or gets other bytes.
    func release(_ entry: Entry) {
        let stat = entry.stat
        guard stat.kind == .file, stat.mount == nil, stat.size > 0 else { return }
        released.append((entry.path, stat.contentBlocks, stat.contentBytes))
    }

    /// Tells the feed. The entries of the pass are committed.
    func settle() throws {
        defer { (lendings, kept, released) = ([], [:], []) }
        try content.borrow(lendings)
        // What was shared with a copy before keeps it, for old versions; what another file lends
        // is still there.
        var gone: [UInt64: Range<UInt64>] = [:]
        for (path, blocks, bytes) in released where kept[blocks.lowerBound] == nil {
            guard content.lender(of: bytes).map(DrivePath.path) == path else { continue }
            gone[blocks.lowerBound] = blocks
        }
        guard !gone.isEmpty else { return }
        try content.endLending(gone.values.sorted { $0.lowerBound < $1.lowerBound })
    }
}

extension Stat {
    /// Bytes of the content feed that are the file.
    fileprivate var contentBytes: Range<UInt64> { byteOffset..<max(byteOffset, byteOffset &+ size) }
}
