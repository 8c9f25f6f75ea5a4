import HyperCrypto

/// Reading what is stored here.
extension Feed {
    /// The bytes of a block; `nil` = not stored here. Throws `io`, `corrupt`, `closed`.
    public func block(_ index: UInt64) throws -> [UInt8]? {
        while true {
            let (found, passing) = try core.withLock { core in
                try core.checkOpen()
                let found = try core.place(of: index).map {
                    (place: $0, file: try core.existingData(), holes: core.holes)
                }
                return (found, found == nil ? core.passing[index] : nil)
            }
            guard let found else { return passing }
            if found.place.isEmpty { return [] }
            if loans?.touches(found.place) == true { return try lentBlock(index) }
            guard let file = found.file,
                let count = Int(exactly: found.place.upperBound - found.place.lowerBound)
            else { throw FeedError.corrupt("the data file of feed \(key) is missing") }
            let bytes = try file.bytes(at: found.place.lowerBound, count: count)
            // A clear may have made a hole where we were reading.
            if core.withLock({ $0.holes == found.holes }) {
                guard bytes.count == count else { throw shortRead() }
                return bytes
            }
        }
    }

    /// Whether blocks pass by through memory, since the disk has no room for them. What was asked
    /// for long before it is read may be gone again.
    public var isPassingBlocks: Bool { core.withLock { !$0.passing.isEmpty } }

    /// Whether a block is in the file, and not only in memory on its way past a full disk.
    public func keeps(_ block: UInt64) -> Bool { core.withLock { $0.hasBlock(block) } }

    /// Byte position of a block in the feed; `nil` = the tree nodes for it are not here.
    public func byteOffset(of block: UInt64) throws -> UInt64? {
        try core.withLock { core in
            try core.checkOpen()
            return try core.byteOffset(of: block)
        }
    }

    /// Bytes of a block; `nil` = its leaf is not here.
    public func size(of block: UInt64) throws -> UInt64? {
        try core.withLock { core in
            try core.checkOpen()
            return block < core.length ? try core.stored(2 * block)?.size : nil
        }
    }

    /// Hash and size of a block; `nil` = its leaf is not here.
    public func leaf(of block: UInt64) throws -> (hash: Bytes32, size: UInt64)? {
        try core.withLock { core in
            try core.checkOpen()
            guard block < core.length, let leaf = try core.stored(2 * block) else { return nil }
            return (leaf.hash, leaf.size)
        }
    }

    /// Where a byte lives.
    public enum Seek: Sendable, Equatable {
        /// In this block, that many bytes into it.
        case found(block: UInt64, offset: UInt64)
        /// Somewhere in these blocks; more tree nodes are needed to tell.
        case needs(blocks: Range<UInt64>)
    }

    /// Where a byte lives (docs/spec/hypercore.md section 9.2). `range`: blocks among which the
    /// caller knows it to be, which narrows what `needs` says. Throws `tooLarge` beyond byteLength.
    public func seek(byte: UInt64, within range: Range<UInt64>? = nil) throws -> Seek {
        try core.withLock { core in
            try core.checkOpen()
            return try core.seek(byte: byte, within: range)
        }
    }

    /// Plain read of the data file: the caller has made sure that the blocks there are stored and
    /// stay so. Throws `io` on a short read.
    public func readData(at byteOffset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard !buffer.isEmpty else { return }
        let file = try core.withLock { core in
            try core.checkOpen()
            return try core.existingData()
        }
        guard let count = try file?.read(at: byteOffset, into: buffer), count == buffer.count else {
            throw shortRead()
        }
    }

    /// Reads bytes that lie in `blocks`; false = not all of the blocks are stored here. Unlike
    /// `hasAll` with `readData` this cannot meet a hole that `clear` makes at the same time.
    public func read(
        blocks: Range<UInt64>, at byteOffset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Bool {
        while true {
            let found = try core.withLock { core in
                try core.checkOpen()
                guard core.firstUnreadable(in: blocks) == nil else {
                    return nil as ((any RandomAccessFile)?, UInt64)?
                }
                core.use?.touch(blocks)
                return (try core.existingData(), core.holes)
            }
            guard let (file, holes) = found else { return false }
            if buffer.isEmpty { return true }
            let bytes = byteOffset..<byteOffset + UInt64(buffer.count)
            if loans?.touches(bytes) == true {
                return try readLent(blocks: blocks, at: byteOffset, into: buffer)
            }
            let count = try file?.read(at: byteOffset, into: buffer) ?? 0
            let end = try core.withLock { core -> ReadEnd in
                guard core.holes == holes else { return .again }
                if core.passing.isEmpty { return .read(patches: []) }
                guard core.firstUnreadable(in: blocks) == nil else { return .again }
                return .read(patches: try core.patches(over: bytes, from: blocks))
            }
            guard case .read(let patches) = end else { continue }
            guard count == buffer.count || !patches.isEmpty else { throw shortRead() }
            for patch in patches {
                UnsafeMutableRawBufferPointer(rebasing: buffer[patch.offset...])
                    .copyBytes(from: patch.bytes)
            }
            return true
        }
    }

    /// How reading a file ended, seen with what happened meanwhile.
    private enum ReadEnd {
        /// Patches lie over what the file gave.
        case read(patches: [FeedCore.Patch])
        case again
    }

    private func shortRead() -> FeedError {
        FeedError(.io, "the data file of feed \(key) is shorter than its tree says")
    }
}
