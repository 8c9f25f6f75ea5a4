import HyperCrypto
import Hypercore
import Hyperdrive

extension DriveReader {
    /// A file's bytes in order, block after block, with what comes next already asked for.
    public func stream(
        _ entry: Entry, to sink: @escaping @Sendable (ArraySlice<UInt8>) throws -> Void
    ) async throws {
        var left = entry.stat.size
        guard left > 0 else { return }
        let path = entry.path
        let (key, range) = try await read { drive in
            try drive.entry(path)?.contentRange() ?? (drive.key, 0..<0)
        }
        var lookAhead: LookAhead?
        for index in range where left > 0 {
            let block = try await read { drive in
                let feed = try drive.store.feed(key: key)
                if let block = try feed.block(index) { return block }
                let end = min(range.upperBound, index + Limits.copyAheadStep)
                throw MissingBlocks(feed: feed, target: .blocks(index..<end))
            }
            if lookAhead == nil, let engine {
                var ahead = LookAhead()
                ahead.add(index..<range.upperBound, of: try engine.store.feed(key: key))
                lookAhead = ahead
            }
            lookAhead?.consumed(1)
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

extension Entry {
    /// The feed that holds a file's bytes, and its blocks there. A mounted hypercore is a file of
    /// that whole feed.
    func contentRange() throws -> (PublicKey, Range<UInt64>) {
        if let mount = stat.mount, mount.isHypercore {
            let feed = try drive.store.feed(key: mount.key)
            return (mount.key, 0..<max(feed.length, stat.blocks))
        }
        guard stat.blocks > 0 else { return (drive.key, 0..<0) }
        return (try drive.content().key, try blockRange())
    }
}
