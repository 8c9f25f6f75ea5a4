import HyperCrypto

/// Verification of what a peer sent (docs/spec/hypercore.md section 10.4): decides, and changes
/// nothing yet.
extension FeedCore {
    /// What may be stored now that it is known to be true.
    struct Verified {
        /// Nodes to write. Their bits are set, and so is the leaf's.
        var nodes: [TreeNode] = []
        /// A snapshot whose signature was checked just now.
        var snapshot: Snapshot?
        /// The byte at which the block begins; `nil` for a hash answer.
        var offset: UInt64?
        /// The block is stored already.
        var isStored = false
    }

    struct Snapshot {
        var length: UInt64
        var roots: [TreeNode]
        var byteLength: UInt64
        /// `nil` for a static feed.
        var signature: [UInt8]?
    }

    /// `value`: the block's leaf node made from the data; `nil` for a hash answer.
    func verify(_ block: UInt64, value: TreeNode?, proof: Proof) throws -> Verified {
        var nodes = proof.nodes[...]
        let known = try scan(from: 2 * block, value != nil, proof)
        guard let first = value ?? nodes.popFirst() else {
            throw FeedError.unverified("a hash answer without nodes")
        }
        if let trusted = known.trusted, trusted.index == first.index, trusted.hash == first.hash {
            return try verifiedLeaf(block, value: value, stored: trusted)
        }
        var result = Verified()
        var local = known.local[...]
        var top = first
        while true {
            let sibling = FlatTree.sibling(top.index)
            let node: TreeNode
            if nodes.first?.index == sibling {
                node = nodes.removeFirst()
                result.nodes.append(node)
            } else if local.first?.index == sibling {
                node = local.removeFirst()
            } else {
                break
            }
            result.nodes.append(top)
            guard let parent = TreeNode(parentOf: top, node) else {
                throw FeedError.unverified("the sizes in a proof overflow")
            }
            top = parent
            if let trusted = known.trusted, trusted.index == top.index, trusted.hash == top.hash {
                return try complete(result, block, hasValue: value != nil)
            }
        }
        result.snapshot = try verifyRoots(top, nodes, proof.signature, &result)
        return try complete(result, block, hasValue: value != nil)
    }

    /// What of the path is here already: siblings that the message leaves out, and the first
    /// ancestor, where the climb may end.
    private func scan(
        from leaf: UInt64, _ hasValue: Bool, _ proof: Proof
    ) throws -> (trusted: TreeNode?, local: [TreeNode]) {
        var local: [TreeNode] = []
        var next = leaf
        var used = hasValue ? 0 : 1
        while true {
            if let trusted = try stored(next) { return (trusted, local) }
            let sibling = FlatTree.sibling(next)
            next = FlatTree.parent(next)
            if used < proof.nodes.count, proof.nodes[used].index == sibling {
                used += 1
            } else if let node = try stored(sibling) {
                local.append(node)
            } else {
                return (try stored(next), local)
            }
        }
    }

    /// The leaf is stored already, so the hash alone decides. A hash answer may have moved bytes
    /// between the leaf and its sibling, since a parent covers only their sum; now that the block
    /// itself is here, its size is known, and so is the sibling's (section 12, trap 10).
    private func verifiedLeaf(
        _ block: UInt64, value: TreeNode?, stored leaf: TreeNode
    ) throws -> Verified {
        guard let value else { return Verified() }
        var result = Verified()
        if leaf.size != value.size {
            guard let parent = try stored(FlatTree.parent(leaf.index)),
                var sibling = try stored(FlatTree.sibling(leaf.index)), value.size <= parent.size
            else {
                throw FeedError.corrupt("feed \(key) has a wrong size for block \(block)")
            }
            sibling.size = parent.size - value.size
            result.nodes = [value, sibling]
        }
        return try complete(result, block, hasValue: true)
    }

    /// `top` must be a root of a signed snapshot, together with what is left of the message.
    private func verifyRoots(
        _ top: TreeNode, _ rest: ArraySlice<TreeNode>, _ signature: [UInt8]?,
        _ result: inout Verified
    ) throws -> Snapshot {
        var rest = rest
        let last = rest.last?.index ?? top.index
        let length = max(FlatTree.rightSpan(top.index), FlatTree.rightSpan(last)) / 2 + 1
        guard length <= Limits.lengthMax else {
            throw FeedError.tooLarge("a peer claims \(length) blocks for feed \(key)")
        }
        let wanted = FlatTree.fullRoots(blocks: length)
        // The signature says nothing about a node that is not below it: all roots may be known
        // already while the climb from the block has stopped short of them.
        guard wanted.contains(top.index) else {
            throw FeedError.unverified("a proof for feed \(key) does not reach a root")
        }
        var roots: [TreeNode] = []
        for index in wanted {
            if index == top.index {
                roots.append(top)
                result.nodes.append(top)
            } else if rest.first?.index == index {
                let node = rest.removeFirst()
                roots.append(node)
                result.nodes.append(node)
            } else if let node = try stored(index) {
                roots.append(node)
            } else {
                throw FeedError.unverified("a proof lacks the root \(index) of \(length) blocks")
            }
        }
        guard rest.isEmpty else { throw FeedError.unverified("a proof has nodes too many") }
        guard let byteLength = roots.totalSize else {
            throw FeedError.unverified("the sizes in a proof overflow")
        }
        try checkSignature(signature, over: roots, length: length)
        return Snapshot(
            length: length, roots: roots, byteLength: byteLength, signature: signature)
    }

    private func checkSignature(
        _ signature: [UInt8]?, over roots: [TreeNode], length: UInt64
    ) throws {
        let treeHash = roots.treeHash
        guard let signature else {
            guard self.length == 0 || isStatic else {
                throw FeedError.unverified("a proof for feed \(key) lacks the signature")
            }
            guard treeHash == key.raw else {
                throw FeedError.unverified("a proof does not lead to the key of feed \(key)")
            }
            return
        }
        // Answers to requests that were on their way together all carry the same signature.
        if length == self.length, roots == self.roots, let known = self.signature,
            known.length == length, known.bytes == signature
        {
            return
        }
        guard key.verifies(signature, treeHash: treeHash, length: length) else {
            throw FeedError.unverified("a signature for feed \(key) does not verify")
        }
        // From here on it is the author who contradicts himself, not the peer.
        if length == self.length, treeHash != self.roots.treeHash { throw forked() }
    }

    /// Refuses what contradicts nodes stored earlier, keeps their sizes unless the block itself
    /// proves them, and finds the block's place.
    private func complete(
        _ verified: Verified, _ block: UInt64, hasValue: Bool
    ) throws -> Verified {
        var result = verified
        result.nodes = []
        for node in verified.nodes {
            if let old = try stored(node.index) {
                // Below a node of ours the hashes leave no choice, so a child that differs has
                // rotted on our disk; under a fresh signature it is another history.
                if old.hash != node.hash, result.snapshot != nil { throw forked() }
                if old.size == node.size || !hasValue, old.hash == node.hash { continue }
            }
            result.nodes.append(node)
        }
        if let snapshot = result.snapshot, snapshot.length > length, isWriting { throw forked() }
        guard hasValue else { return result }
        result.isStored = hasBlock(block)
        result.offset = try offset(of: block, in: result)
        return result
    }

    private func offset(of block: UInt64, in verified: Verified) throws -> UInt64 {
        var sum: UInt64 = 0
        for root in FlatTree.fullRoots(blocks: block) {
            let fresh = verified.nodes.last { $0.index == root }
            guard let node = try fresh ?? stored(root) else {
                throw FeedError.unverified("a proof for block \(block) lacks nodes left of it")
            }
            sum &+= node.size
            guard sum <= Limits.integerMax else {
                throw FeedError.unverified("the sizes in a proof overflow")
            }
        }
        return sum
    }

    /// Stores what was verified: nodes, signature, bits. The block's bytes are in the file by now.
    func store(_ verified: Verified, _ block: UInt64, size: UInt64?) throws -> [Feed.Event] {
        if let snapshot = verified.snapshot {
            if snapshot.length > length, isWriting { throw forked() }
            if snapshot.length == length, snapshot.roots != roots { throw forked() }
        }
        for node in verified.nodes {
            try tree.write(node)
            unsynced.tree = true
        }
        if let snapshot = verified.snapshot, let signature = snapshot.signature {
            try writeSignature(signature, over: snapshot.length)
        }
        for node in verified.nodes { bits.setNode(node.index) }
        bits.setNode(2 * block)
        lastOffset = nil
        var events: [Feed.Event] = []
        if let snapshot = verified.snapshot, snapshot.length > length {
            isStatic = snapshot.signature == nil
            length = snapshot.length
            byteLength = snapshot.byteLength
            roots = snapshot.roots
            events.append(.grew(length: length))
        }
        if let size, bits.setBlock(block, true) {
            use?.touch(block..<block + 1)
            if let old = localBytes { localBytes = old + size }
            events.append(.stored(block..<block + 1))
        }
        return events
    }
}
