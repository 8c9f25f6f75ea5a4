import HyperCrypto
import Hypercore

/// Appends the bytes of many files to a drive's content feed under one signature, in blocks of
/// 64 KiB. Nobody sees them before `commit`; other writers of the feed wait until then.
///
/// Used by one thread at a time.
public final class ContentBatch {
    private let batch: FeedBatch
    private let block: UnsafeMutableRawBufferPointer

    /// Begins to write to an own drive.
    public init(_ drive: Drive) throws {
        try drive.requireWritable()
        batch = try drive.content().beginBatch()
        block = .allocate(byteCount: OwnLimits.blockBytes, alignment: 16)
    }

    deinit { block.deallocate() }

    /// Appends a file of `size` bytes; `read` fills a buffer with those at a position. Where they
    /// will be once the batch is committed.
    public func add(
        size: UInt64, read: (UInt64, UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> ContentRange {
        guard size > 0 else { return ContentRange(blocks: 0..<0, byteOffset: 0, size: 0) }
        let (first, start) = (batch.nextBlock, batch.nextByte)
        var offset: UInt64 = 0
        while offset < size {
            let count = Int(min(UInt64(block.count), size - offset))
            let piece = UnsafeMutableRawBufferPointer(rebasing: block[..<count])
            try read(offset, piece)
            let bytes = UnsafeRawBufferPointer(piece)
            try batch.append(bytes, leafHash: TreeHash.leaf(bytes))
            offset += UInt64(count)
        }
        return ContentRange(
            blocks: first..<batch.nextBlock, byteOffset: start, size: batch.nextByte - start)
    }

    /// Makes everything durable and visible in the content feed; the entries that point to it are
    /// the caller's next step.
    public func commit() throws { try batch.commit() }

    /// Gives up: the feed stays as it was. Does nothing after `commit`.
    public func cancel() { batch.cancel() }
}
