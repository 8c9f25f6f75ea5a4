import HyperCrypto

/// A writer whose last commit was cut short while the bitfield was written.
///
/// Everything else of that commit was on the disk by then, so the new length may be found, signed
/// and whole, while some of its bits are lost. A reader fetches such blocks again; a writer is the
/// only one who has them, and must find them in its files.
extension FeedCore {
    func repairLastCommit(_ loans: Loans?) throws {
        guard keyPair != nil, length > 0 else { return }
        let nodes = 2 * length - UInt64(length.nonzeroBitCount)
        guard
            bits.firstMissing(in: 0..<length) != nil
                || bits.countNodes(below: 2 * length) != nodes
        else { return }
        for block in try lengthBeforeLastCommit()..<length
        where !bits.hasBlock(block) || !hasPath(of: block) {
            try repair(block, loans)
        }
    }

    /// Whether every node from the leaf up to a root is marked, and so are their siblings.
    private func hasPath(of block: UInt64) -> Bool {
        var node = 2 * block
        while bits.hasNode(node) {
            let parent = FlatTree.parent(node)
            guard FlatTree.rightSpan(parent) < 2 * length else { return true }
            guard bits.hasNode(FlatTree.sibling(node)) else { return false }
            node = parent
        }
        return false
    }

    /// Believes the tree file, whatever the bits say, where it leads up to a signed root; then the
    /// data file, or who lends its bytes, where it has the block that the leaf stands for.
    private func repair(_ block: UInt64, _ loans: Loans?) throws {
        guard let leaf = try tree.node(2 * block) else { return }
        var found = [leaf]
        var top = leaf
        while FlatTree.rightSpan(FlatTree.parent(top.index)) < 2 * length {
            guard let sibling = try tree.node(FlatTree.sibling(top.index)),
                let parent = TreeNode(parentOf: top, sibling),
                try tree.node(parent.index) == parent
            else { return }
            found += [sibling, parent]
            top = parent
        }
        guard roots.contains(top) else { return }
        for node in found { bits.changeNode(node.index, true) }
        guard !bits.hasBlock(block), let start = try byteOffset(of: block) else { return }
        if try holds(leaf, at: start, loans) { bits.setBlock(block, true) }
    }

    private func holds(_ leaf: TreeNode, at start: UInt64, _ loans: Loans?) throws -> Bool {
        guard let count = Int(exactly: leaf.size), count <= Limits.blockBytesMax else {
            return false
        }
        guard count > 0 else { return TreeHash.leaf([]) == leaf.hash }
        if let lent = loans?.bytes(at: start, count: count), TreeHash.leaf(lent) == leaf.hash {
            return true
        }
        // A block that was cleared is a hole.
        guard let file = try existingData(), let data = try file.nextData(from: start),
            data < start + leaf.size
        else { return false }
        let bytes = try file.bytes(at: start, count: count)
        return bytes.count == count && TreeHash.leaf(bytes) == leaf.hash
    }

    private func lengthBeforeLastCommit() throws -> UInt64 {
        var found: UInt64 = 0
        try eachSignature(below: length) { length in
            found = length
            return true
        }
        return found
    }
}
