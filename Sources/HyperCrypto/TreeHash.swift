/// The three hashes of a feed's Merkle tree (docs/spec/hypercore.md section 3).
public enum TreeHash {
    /// Hash of a block: `0x00 || u64be(size) || data`.
    public static func leaf(_ data: UnsafeRawBufferPointer) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 9, alignment: 8) { head in
            head[0] = 0
            head.storeBigEndian(UInt64(data.count), at: 1)
            return Blake2b.hash32(UnsafeRawBufferPointer(head), data)
        }
    }

    /// Hash of a block.
    public static func leaf(_ data: [UInt8]) -> Bytes32 {
        data.withUnsafeBytes { leaf($0) }
    }

    /// Hash of a parent: `0x01 || u64be(size of both) || left || right`. `left` must be the child
    /// with the smaller tree index.
    public static func parent(size: UInt64, left: Bytes32, right: Bytes32) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 73, alignment: 8) { input in
            input[0] = 1
            input.storeBigEndian(size, at: 1)
            left.withUnsafeBytes { input.store($0, at: 9) }
            right.withUnsafeBytes { input.store($0, at: 41) }
            return Blake2b.hash32(UnsafeRawBufferPointer(input))
        }
    }

    /// The tree hash: `0x02`, then `hash || u64be(index) || u64be(size)` of each full root from
    /// left to right.
    public static func roots(_ roots: [(hash: Bytes32, index: UInt64, size: UInt64)]) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 1 + 48 * roots.count, alignment: 8) { input in
            input[0] = 2
            for (i, root) in roots.enumerated() {
                root.hash.withUnsafeBytes { input.store($0, at: 1 + 48 * i) }
                input.storeBigEndian(root.index, at: 33 + 48 * i)
                input.storeBigEndian(root.size, at: 41 + 48 * i)
            }
            return Blake2b.hash32(UnsafeRawBufferPointer(input))
        }
    }

    /// What is signed for a feed of `length` blocks: `treeHash || u64be(length)`, 40 bytes
    /// (docs/spec/hypercore.md section 4).
    public static func signable(treeHash: Bytes32, length: UInt64) -> [UInt8] {
        var message = treeHash.bytes
        withUnsafeBytes(of: length.bigEndian) { message.append(contentsOf: $0) }
        return message
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func storeBigEndian(_ value: UInt64, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    }
}
