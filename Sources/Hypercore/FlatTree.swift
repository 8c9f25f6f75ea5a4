/// Numbers of the nodes of a binary tree laid out in order: leaves even, parents odd
/// (docs/spec/hypercore.md section 2). Block `i` is node `2 * i`.
///
/// All functions want indexes up to 2^54; nothing overflows there.
public enum FlatTree {
    /// Levels above the leaves.
    @inlinable public static func depth(_ node: UInt64) -> UInt64 {
        UInt64((~node).trailingZeroBitCount)
    }

    /// Position within the level.
    @inlinable public static func offset(_ node: UInt64) -> UInt64 {
        node >> (depth(node) + 1)
    }

    /// The node at a position of a level.
    @inlinable public static func index(depth: UInt64, offset: UInt64) -> UInt64 {
        ((2 * offset + 1) << depth) - 1
    }

    /// The node above.
    @inlinable public static func parent(_ node: UInt64) -> UInt64 {
        let depth = depth(node)
        return index(depth: depth + 1, offset: node >> (depth + 2))
    }

    /// The other child of the parent.
    @inlinable public static func sibling(_ node: UInt64) -> UInt64 {
        let depth = depth(node)
        return index(depth: depth, offset: (node >> (depth + 1)) ^ 1)
    }

    /// Whether the node is the left child of its parent.
    @inlinable public static func isLeft(_ node: UInt64) -> Bool { offset(node) & 1 == 0 }

    /// The left child; `nil` for a leaf.
    @inlinable public static func leftChild(_ node: UInt64) -> UInt64? {
        let depth = depth(node)
        return depth == 0 ? nil : node - (1 << (depth - 1))
    }

    /// The right child; `nil` for a leaf.
    @inlinable public static func rightChild(_ node: UInt64) -> UInt64? {
        let depth = depth(node)
        return depth == 0 ? nil : node + (1 << (depth - 1))
    }

    /// The leftmost leaf below the node (the node itself for a leaf).
    @inlinable public static func leftSpan(_ node: UInt64) -> UInt64 {
        node + 1 - (1 << depth(node))
    }

    /// The rightmost leaf below the node (the node itself for a leaf).
    @inlinable public static func rightSpan(_ node: UInt64) -> UInt64 {
        node + (1 << depth(node)) - 1
    }

    /// The blocks below a node.
    @inlinable public static func blocks(below node: UInt64) -> Range<UInt64> {
        leftSpan(node) / 2..<rightSpan(node) / 2 + 1
    }

    /// The roots of the largest complete subtrees over the first `blocks` blocks, left to right.
    public static func fullRoots(blocks: UInt64) -> [UInt64] {
        var roots: [UInt64] = []
        roots.reserveCapacity(blocks.nonzeroBitCount)
        forEachFullRoot(blocks: blocks) { roots.append($0) }
        return roots
    }

    /// Calls `body` for every full root, left to right, without making a list.
    static func forEachFullRoot(
        blocks: UInt64, _ body: (UInt64) throws -> Void
    ) rethrows {
        var start: UInt64 = 0
        var rest = blocks
        while rest > 0 {
            let span = UInt64(1) << UInt64(63 - rest.leadingZeroBitCount)
            try body(2 * start + span - 1)
            start += span
            rest -= span
        }
    }
}
