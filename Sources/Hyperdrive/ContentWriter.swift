import HyperCrypto
import Hypercore

/// Appends the bytes of one file to a drive's content feed, in blocks of 64 KiB. Nobody sees them
/// before `finish`; other writers of the feed wait until then.
///
/// Used by one thread at a time.
public final class ContentWriter {
    private let batch: FeedBatch
    private let first: UInt64
    private let start: UInt64
    /// The block that is not full yet.
    private var pending: [UInt8] = []

    /// Begins to write to an own drive.
    public init(_ drive: Drive) throws {
        try drive.requireWritable()
        batch = try drive.content().beginBatch()
        first = batch.nextBlock
        start = batch.nextByte
        pending.reserveCapacity(OwnLimits.blockBytes)
    }

    /// Adds bytes at the end.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
        while !rest.isEmpty {
            if pending.isEmpty, rest.count >= OwnLimits.blockBytes {
                let block = UnsafeRawBufferPointer(rebasing: rest[..<OwnLimits.blockBytes])
                try batch.append(block, leafHash: TreeHash.leaf(block))
                rest = UnsafeRawBufferPointer(rebasing: rest[OwnLimits.blockBytes...])
                continue
            }
            let count = min(rest.count, OwnLimits.blockBytes - pending.count)
            pending.append(contentsOf: rest[..<count])
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if pending.count == OwnLimits.blockBytes { try flush() }
        }
    }

    /// Makes the bytes durable and visible in the content feed; the entry that points to them is
    /// the caller's next step.
    public func finish() throws -> ContentRange {
        try flush()
        let range = ContentRange(
            blocks: first..<batch.nextBlock, byteOffset: start, size: batch.nextByte - start)
        try batch.commit()
        return range.size == 0 ? ContentRange(blocks: 0..<0, byteOffset: 0, size: 0) : range
    }

    private func flush() throws {
        guard !pending.isEmpty else { return }
        try batch.append(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
