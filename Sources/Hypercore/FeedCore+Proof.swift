/// What to ask for, and what to answer (docs/spec/hypercore.md sections 10.1 and 10.2).
extension FeedCore {
    /// What we know already about a block, as a number for a request. `bound`: tree bits to look
    /// at; a longer one never makes it wrong.
    func digest(for block: UInt64, bound: UInt64? = nil) -> UInt64 {
        forgetUnplaceable(block)
        let node = 2 * block
        if hasNode(node) { return 1 }
        var digest: UInt64 = 0
        var bit: UInt64 = 2
        var next = FlatTree.sibling(node)
        var parent = FlatTree.parent(next)
        let end = max(next + 2, bound ?? bits.treeBitLength)
        while FlatTree.rightSpan(next) < end || FlatTree.leftSpan(parent) > 0 {
            if hasNode(next) { digest += bit }
            if hasNode(parent) {
                digest += 2 * bit
                if digest % 2 == 0 { digest += 1 }
                return digest + 1 == 4 * bit ? 1 : digest
            }
            next = FlatTree.sibling(parent)
            parent = FlatTree.parent(next)
            bit *= 2
        }
        return digest
    }

    /// Whatever is stored has its left neighbours up to the root, or its place in the data would
    /// not be known. After a torn bitfield page that may be wrong: what lies below a missing left
    /// neighbour is forgotten, so that the digest asks for all of it again.
    private func forgetUnplaceable(_ block: UInt64) {
        guard block < length else { return }
        var path = 2 * block
        while FlatTree.rightSpan(FlatTree.parent(path)) < 2 * length {
            if !FlatTree.isLeft(path), !hasNode(FlatTree.sibling(path)) {
                var node = 2 * block
                while node != path {
                    if hasNode(node) { bits.changeNode(node, false) }
                    node = FlatTree.parent(node)
                }
                if hasNode(path) { bits.changeNode(path, false) }
            }
            path = FlatTree.parent(path)
        }
    }

    /// The proof for a block; `nil` = not even the leaf is here, or the signature is missing.
    func proof(
        for block: UInt64, digest: UInt64, includeLeaf: Bool, remote: inout NodeSet
    ) throws -> Proof? {
        guard block < length, let leaf = try stored(2 * block) else { return nil }
        var nodes = includeLeaf ? [leaf] : []
        if digest == 1 { return Proof(nodes: nodes, signature: nil) }
        learn(digest, about: leaf.index, remote: &remote)
        var next = leaf.index
        while !remote.contains(next) {
            let sibling = FlatTree.sibling(next)
            guard let node = try stored(sibling) else {
                return try finish(nodes, atRoot: next, remote: remote)
            }
            if !remote.contains(sibling) { nodes.append(node) }
            next = FlatTree.parent(next)
        }
        return Proof(nodes: nodes, signature: nil)
    }

    /// The path ended in one of our roots: the other roots and the signature follow.
    private func finish(
        _ path: [TreeNode], atRoot top: UInt64, remote: NodeSet
    ) throws -> Proof? {
        var nodes = path
        let covered = bits.coveredLength(of: top, hasNode: hasNode)
        for root in FlatTree.fullRoots(blocks: covered) where root != top && !remote.contains(root)
        {
            guard let node = try stored(root) else { return nil }
            nodes.append(node)
        }
        if isStatic { return Proof(nodes: nodes, signature: nil) }
        guard let signature = try signature(over: covered) else { return nil }
        return Proof(nodes: nodes, signature: signature)
    }

    private func learn(_ digest: UInt64, about leaf: UInt64, remote: inout NodeSet) {
        let namesPathNode = digest & 1 == 1
        var rest = digest >> 1
        var next = leaf
        while rest != 0 {
            if rest == 1 && namesPathNode {
                if hasNode(next) { remote.insert(next) }
                let sibling = FlatTree.sibling(next)
                if sibling < next { next = sibling }
                let blocks = FlatTree.rightSpan(next) / 2 + 1
                for root in FlatTree.fullRoots(blocks: blocks) where hasNode(root) {
                    remote.insert(root)
                }
                return
            }
            let sibling = FlatTree.sibling(next)
            if rest & 1 == 1 && hasNode(sibling) { remote.insert(sibling) }
            next = FlatTree.parent(next)
            rest >>= 1
        }
    }
}
