/// Verified blocks that the disk had no room for: in memory, for who waits for them. The oldest
/// go first; nobody else is told of them, and no crash can find them.
struct PassingBlocks {
    private var blocks: [UInt64: [UInt8]] = [:]
    private var order: [UInt64] = []
    private var bytes = 0

    var isEmpty: Bool { blocks.isEmpty }

    subscript(block: UInt64) -> [UInt8]? { blocks[block] }

    mutating func keep(_ block: UInt64, _ value: [UInt8]) {
        drop(block)
        blocks[block] = value
        order.append(block)
        bytes += value.count
        while bytes > Limits.passingBytes || order.count > Limits.passingBlocks,
            let oldest = order.first
        {
            drop(oldest)
        }
    }

    /// The disk has it now, or nobody should.
    mutating func drop(_ block: UInt64) {
        guard let value = blocks.removeValue(forKey: block) else { return }
        bytes -= value.count
        if let index = order.firstIndex(of: block) { order.remove(at: index) }
    }
}

extension FeedCore {
    /// Whether its bytes can be read here.
    func isReadable(_ block: UInt64) -> Bool { hasBlock(block) || passing[block] != nil }

    /// The first block of a range whose bytes cannot be read here.
    func firstUnreadable(in range: Range<UInt64>) -> UInt64? {
        var rest = range
        while let missing = firstMissing(in: rest) {
            guard passing[missing] != nil else { return missing }
            rest = missing + 1..<range.upperBound
        }
        return nil
    }

    /// Bytes that the file does not have, and where in a reader's buffer they belong.
    struct Patch: Sendable {
        let offset: Int
        let bytes: ArraySlice<UInt8>
    }

    /// What passes by of a range of bytes that lies in some blocks.
    func patches(over bytes: Range<UInt64>, from blocks: Range<UInt64>) throws -> [Patch] {
        try blocks.compactMap { block in
            guard let value = passing[block] else { return nil }
            guard let start = try byteOffset(of: block) else {
                throw FeedError.corrupt("the tree of feed \(key) has lost the place of a block")
            }
            let part = bytes.clamped(to: start..<start + UInt64(value.count))
            guard !part.isEmpty else { return nil }
            return Patch(
                offset: Int(part.lowerBound - bytes.lowerBound),
                bytes: value[Int(part.lowerBound - start)..<Int(part.upperBound - start)])
        }
    }
}

extension FeedError {
    /// There is no room on the disk, or its owner may not have more of it.
    public var isDiskFull: Bool {
        code == .io && (errno == Self.noSpace || errno == Self.overQuota)
    }

    // ENOSPC and EDQUOT
    private static let noSpace: Int32 = 28
    private static let overQuota: Int32 = 122
}

extension Limits {
    /// Bytes of blocks of one feed that pass by a full disk: some readers' read-ahead.
    public static let passingBytes = 16 << 20
    /// And how many they may be: empty ones take memory, too.
    static let passingBlocks = 65_536
    /// Tree nodes kept while the disk is full: 4096 chunks of 5 KiB hold those of 16 GiB.
    static let fullDiskTreeChunks = 4096
}
