import HyperCrypto
import Hypercore

/// Telling from the hashes whether a local file has the bytes that a drive has: the drive's own
/// need not be read for that, and need not be here.
extension FileContent {
    /// Whether there are as many blocks as an import would make of so many bytes.
    var isCutEvenly: Bool {
        let block = UInt64(OwnLimits.blockBytes)
        return UInt64(blocks.count) == size / block + (size % block == 0 ? 0 : 1)
    }

    /// Whether these are the hashes of the blocks from one on. What is not known is different.
    func matches(_ leaves: [Bytes32], from first: UInt64) -> Bool {
        guard first + UInt64(leaves.count) <= blocks.upperBound else { return false }
        return leaves.enumerated().allSatisfy { index, hash in
            // A leaf's hash covers its size.
            (try? feed.leaf(of: first + UInt64(index)))?.hash == hash
        }
    }

    /// Whether a local file has the same bytes; looks no further than the first block that differs.
    func matches(_ file: LocalFile) throws(LocalFault) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: OwnLimits.readBytes, alignment: 64)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while offset < size {
            let count = try file.read(at: offset, into: buffer)
            guard count > 0, isSame(buffer, count, at: offset) else { return false }
            offset += UInt64(count)
        }
        return true
    }

    private func isSame(
        _ buffer: UnsafeMutableRawBufferPointer, _ count: Int, at offset: UInt64
    ) -> Bool {
        guard isCutEvenly else {
            guard let old = try? read(at: offset, count: count) else { return false }
            return buffer.starts(with: old, count: count)
        }
        let block = OwnLimits.blockBytes
        let leaves = stride(from: 0, to: count, by: block).map { start in
            TreeHash.leaf(
                UnsafeRawBufferPointer(rebasing: buffer[start..<min(count, start + block)]))
        }
        return matches(leaves, from: blocks.lowerBound + offset / UInt64(block))
    }
}
