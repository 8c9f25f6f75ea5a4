import HyperCrypto

/// A node of a feed's Merkle tree (docs/spec/hypercore.md section 3).
public struct TreeNode: Sendable, Equatable {
    /// Flat tree number; block `i` is `2 * i`.
    public var index: UInt64
    /// BLAKE2b hash of the block, or of both children.
    public var hash: Bytes32
    /// Bytes of all blocks below. A parent's hash covers only the sum of its children's sizes.
    public var size: UInt64

    /// A node as it is.
    public init(index: UInt64, hash: Bytes32, size: UInt64) {
        self.index = index
        self.hash = hash
        self.size = size
    }

    /// The parent of two siblings, in any order; `nil` when their sizes are beyond 2^53 - 1.
    init?(parentOf a: TreeNode, _ b: TreeNode) {
        let (size, overflow) = a.size.addingReportingOverflow(b.size)
        guard !overflow, size <= Limits.integerMax else { return nil }
        let (left, right) = a.index < b.index ? (a, b) : (b, a)
        self.init(
            index: FlatTree.parent(a.index),
            hash: TreeHash.parent(size: size, left: left.hash, right: right.hash),
            size: size)
    }
}

extension [TreeNode] {
    /// The hash over full roots, left to right.
    var treeHash: Bytes32 {
        TreeHash.roots(map { (hash: $0.hash, index: $0.index, size: $0.size) })
    }

    /// Bytes below all of the nodes; `nil` beyond 2^53 - 1.
    var totalSize: UInt64? {
        var sum: UInt64 = 0
        for node in self {
            let (next, overflow) = sum.addingReportingOverflow(node.size)
            guard !overflow, next <= Limits.integerMax else { return nil }
            sum = next
        }
        return sum
    }
}
