import Glibc
import Hypercore

/// The bytes of one file: a range of a feed.
public struct FileContent: Sendable {
    /// The drive's content feed, or the feed that is shown as a file.
    public let feed: Feed
    /// The blocks that hold the bytes, and nothing else.
    public let blocks: Range<UInt64>
    /// Byte of the feed at which they begin.
    public let byteOffset: UInt64
    /// How many there are.
    public let size: UInt64

    /// Bytes of the file from an offset, fewer at its end. Throws `MissingBlocks`, `DriveError`
    /// `.corrupt` when blocks and bytes do not agree.
    public func read(at offset: UInt64, count: Int) throws -> [UInt8] {
        guard offset < size, count > 0 else { return [] }
        let count = Int(min(UInt64(count), size - offset))
        let blocks = try found(at: offset, count: count)
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // Whoever makes room may have dropped them since we looked.
            let isHere = try feed.read(
                blocks: blocks, at: byteOffset + offset,
                into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
            guard isHere else { throw MissingBlocks(feed: feed, target: .blocks(blocks)) }
            initialized = count
        }
    }

    /// Throws `MissingBlocks` unless the bytes are stored here.
    public func require(at offset: UInt64, count: Int) throws {
        _ = try found(at: offset, count: count)
    }

    /// The blocks with the bytes, which are all here.
    private func found(at offset: UInt64, count: Int) throws -> Range<UInt64> {
        guard feed.length >= blocks.upperBound else {
            throw MissingBlocks(feed: feed, target: .length(atLeast: blocks.upperBound))
        }
        let first = try block(of: byteOffset + offset)
        let last = try block(of: byteOffset + offset + UInt64(count) - 1)
        guard blocks.contains(first), blocks.contains(last), first <= last else {
            throw DriveError.corrupt("file", "its blocks and its bytes do not agree")
        }
        if let missing = feed.firstMissing(in: first..<last + 1) {
            throw MissingBlocks(feed: feed, target: .blocks(missing..<last + 1))
        }
        return first..<last + 1
    }

    private func block(of byte: UInt64) throws -> UInt64 {
        guard byte < feed.byteLength else {
            throw DriveError.corrupt("file", "its bytes lie beyond the end of its feed")
        }
        switch try feed.seek(byte: byte, within: blocks) {
        case .found(let block, _): return block
        case .needs: throw MissingBlocks(feed: feed, target: .byte(byte, within: blocks))
        }
    }
}

extension Drive {
    /// Where the bytes of a file are. `stat` is that of an entry which this drive holds. A feed
    /// shown as a file ends where the feed ends now.
    public func content(of stat: Stat) throws -> FileContent {
        guard stat.kind == .file else {
            throw DriveError(.notFile, "only files have bytes", errno: EISDIR)
        }
        guard let mount = stat.mount, mount.isHypercore else {
            return FileContent(
                feed: try content(), blocks: stat.offset..<stat.offset + stat.blocks,
                byteOffset: stat.byteOffset, size: stat.size)
        }
        let feed = try store.feed(key: mount.key)
        let isAhead = feed.length >= stat.blocks
        return FileContent(
            feed: feed, blocks: 0..<(isAhead ? feed.length : stat.blocks), byteOffset: 0,
            size: isAhead ? feed.byteLength : stat.size)
    }

    /// All bytes of a small file. Throws `.notFound`, `.notFile`, `.tooLarge` beyond `max`.
    public func read(_ path: String, max: UInt64 = 64 << 20) throws -> [UInt8] {
        guard let entry = try entry(path) else { throw DriveError.notFound(path) }
        let content = try entry.drive.content(of: entry.stat)
        guard content.size <= max else {
            throw DriveError(
                .tooLarge, "\(path) has \(content.size) bytes; read it in parts", errno: EFBIG)
        }
        return try content.read(at: 0, count: Int(content.size))
    }
}
