/// Looking things up in the tree.
extension FeedCore {
    func hasNode(_ node: UInt64) -> Bool {
        bits.hasNode(node) && (!isCommitting || FlatTree.rightSpan(node) < 2 * length)
    }

    func hasBlock(_ block: UInt64) -> Bool { block < length && bits.hasBlock(block) }

    /// A node that is stored here.
    func stored(_ node: UInt64) throws -> TreeNode? {
        hasNode(node) ? try tree.node(node) : nil
    }

    /// The byte at which a block begins (section 9.1); `nil` = nodes for it are missing.
    func byteOffset(of block: UInt64) throws -> UInt64? {
        if block >= length { return block == length ? byteLength : nil }
        if let lastOffset, lastOffset.block == block { return lastOffset.byte }
        var sum: UInt64 = 0
        var isComplete = true
        try FlatTree.forEachFullRoot(blocks: block) { root in
            guard isComplete, let node = try stored(root) else {
                isComplete = false
                return
            }
            sum &+= node.size
        }
        guard isComplete else { return nil }
        return sum <= byteLength ? sum : nil
    }

    /// Where a stored block lies in the data file; `nil` = it is not stored.
    func place(of block: UInt64) throws -> Range<UInt64>? {
        guard hasBlock(block) else { return nil }
        guard let start = try byteOffset(of: block), let leaf = try stored(2 * block),
            leaf.size <= byteLength - start
        else {
            // Rot, or a torn page: whoever wants the block fetches it again, with its nodes.
            bits.setBlock(block, false)
            localBytes = nil
            return nil
        }
        lastOffset = (block + 1, start + leaf.size)
        return start..<start + leaf.size
    }

    /// Where a byte lives (section 9.2).
    func seek(byte: UInt64, within range: Range<UInt64>?) throws -> Feed.Seek {
        if byte == byteLength { return .found(block: length, offset: 0) }
        guard byte < byteLength else {
            throw FeedError.tooLarge("byte \(byte) is beyond the \(byteLength) of feed \(key)")
        }
        if byte == 0 { return .found(block: 0, offset: 0) }
        var rest = byte
        for root in roots {
            if rest >= root.size {
                rest -= root.size
                continue
            }
            return try descend(from: root.index, byte: rest, within: range)
        }
        throw FeedError.corrupt("the roots of feed \(key) do not add up")
    }

    /// Finds a byte below a node that is known to hold it: walks stored subtrees from the left and
    /// goes down into the one that has the byte.
    private func descend(
        from root: UInt64, byte: UInt64, within range: Range<UInt64>?
    ) throws -> Feed.Seek {
        var rest = byte
        var holder = root
        while let left = FlatTree.leftChild(holder) {
            var probe = left
            while true {
                var found = try stored(probe)
                while found == nil, let below = FlatTree.leftChild(probe) {
                    probe = below
                    found = try stored(probe)
                }
                guard let found else { return needs(from: probe, upTo: holder, within: range) }
                if rest < found.size { break }
                rest -= found.size
                while !FlatTree.isLeft(probe), probe != holder { probe = FlatTree.parent(probe) }
                guard probe != holder else {
                    throw FeedError.corrupt("the tree of feed \(key) does not add up at \(holder)")
                }
                probe = FlatTree.sibling(probe)
            }
            holder = probe
        }
        return .found(block: holder / 2, offset: rest)
    }

    private func needs(
        from first: UInt64, upTo holder: UInt64, within range: Range<UInt64>?
    ) -> Feed.Seek {
        let all = FlatTree.leftSpan(first) / 2..<FlatTree.rightSpan(holder) / 2 + 1
        guard let range, range.overlaps(all) else { return .needs(blocks: all) }
        return .needs(blocks: all.clamped(to: range))
    }

    /// Bytes of all stored blocks, counted by whole subtrees where they are complete.
    func countLocalBytes() throws -> UInt64 {
        if let localBytes { return localBytes }
        var sum: UInt64 = 0
        for root in roots { sum &+= try localBytes(below: root.index) }
        localBytes = sum
        return sum
    }

    func localBytes(below node: UInt64) throws -> UInt64 {
        let blocks = FlatTree.blocks(below: node)
        guard bits.firstStored(in: blocks) != nil else { return 0 }
        if bits.firstMissing(in: blocks) == nil, let found = try stored(node) { return found.size }
        guard let left = FlatTree.leftChild(node), let right = FlatTree.rightChild(node) else {
            return 0
        }
        return try localBytes(below: left) &+ localBytes(below: right)
    }
}
