import HyperCrypto
import Hypercore
import Hyperdrive

extension DriveReader {
    /// A file's bytes in order, block after block, with what comes next already asked for.
    public func stream(
        _ entry: Entry, to sink: @escaping @Sendable (ArraySlice<UInt8>) throws -> Void
    ) async throws {
        let path = entry.path
        let stat = entry.stat
        let (key, range, size) = try await read { drive -> (PublicKey, Range<UInt64>, UInt64) in
            guard let holder = try drive.entry(path)?.drive else { return (drive.key, 0..<0, 0) }
            let content = try holder.content(of: stat)
            return (content.feed.key, content.blocks, content.size)
        }
        var left = size
        for index in range where left > 0 {
            let end = min(range.upperBound, index + Limits.copyAheadStep)
            let later = end..<min(range.upperBound, end + Limits.copyAheadBlocks)
            let block = try await read(ahead: later) { drive in
                let feed = try drive.store.feed(key: key)
                // What a disk has spoilt is said, and not shown.
                guard ((try? feed.verifyStored(index..<index + 1)) ?? []).isEmpty else {
                    throw NodeError(
                        .corrupt, "\(path): block \(index) is damaged on disk",
                        hint: "'hyperfs verify' drops it, and fetches it from who has it")
                }
                if let block = try feed.block(index) { return block }
                throw MissingBlocks(feed: feed, target: .blocks(index..<end))
            }
            let count = min(UInt64(block.count), left)
            try sink(block[..<Int(count)])
            left -= count
            try Task.checkCancellation()
        }
        guard left == 0 else {
            throw NodeError(
                .corrupt, "\(path): its blocks hold \(left) bytes fewer than its entry says",
                hint: "tell the owner of the drive")
        }
    }
}
