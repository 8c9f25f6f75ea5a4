/// What the tree bits say about lengths (docs/spec/hypercore.md section 6).
extension Bitfield {
    /// The feed's length, implied by the tree bits.
    func impliedLength() -> UInt64 {
        var top: UInt64 = 0
        var next: UInt64 = 0
        let end = treeBitLength
        while FlatTree.rightSpan(next) < end {
            next = FlatTree.parent(next)
            if hasNode(next) { top = next }
        }
        return hasNode(top) ? coveredLength(of: top) : 0
    }

    /// Blocks of the snapshot that a stored node belongs to; 0 for a node that is not stored.
    func coveredLength(of node: UInt64) -> UInt64 {
        coveredLength(of: node, hasNode: hasNode)
    }

    func coveredLength(of node: UInt64, hasNode: (UInt64) -> Bool) -> UInt64 {
        guard hasNode(node) else { return 0 }
        var node = node
        while hasNode(FlatTree.parent(node)), hasNode(FlatTree.sibling(node)) {
            node = FlatTree.parent(node)
        }
        var depth = FlatTree.depth(node)
        while depth > 0 {
            let neighbour = FlatTree.index(depth: depth, offset: FlatTree.offset(node) + 1)
            node = FlatTree.leftChild(neighbour) ?? neighbour
            depth -= 1
            while depth > 0, !hasNode(node), let left = FlatTree.leftChild(node) {
                node = left
                depth -= 1
            }
        }
        return (hasNode(node) ? node + 2 : node) / 2
    }

    /// Forgets all blocks from `length` on, and all nodes that are not wholly below them.
    mutating func truncate(toBlocks length: UInt64) {
        let firstNode = 2 * length
        for number in pageNumbers(from: length >> 13) {
            guard let page = page(number) else { continue }
            let isFirst = number == length >> 13
            for byte in (isFirst ? Int(length >> 3) & 1023 : 0)..<1024
            where page.memory[byte] != 0 {
                let first = ((number << 10) + UInt64(byte)) << 3
                for block in first..<first + 8 where block >= length { setBlock(block, false) }
            }
            for byte in (isFirst ? Int(firstNode >> 3) & 2047 : 0)..<2048
            where page.memory[BitPage.treeStart + byte] != 0 {
                let first = ((number << 11) + UInt64(byte)) << 3
                for node in first..<first + 8 where node >= firstNode && hasNode(node) {
                    changeNode(node, false)
                }
            }
        }
        // Parents that reach over the new end have smaller numbers; they are all above the first
        // leaf that is gone.
        var node = 2 * length
        for _ in 0..<54 {
            node = FlatTree.parent(node)
            if hasNode(node) { changeNode(node, false) }
        }
    }

    /// Forgets blocks whose leaf is not marked: without it they can be neither found nor proven.
    mutating func clearBlocksWithoutLeaf() {
        for number in pageNumbers(from: 0) {
            guard let page = page(number) else { continue }
            for chunk in 0..<256 {
                let blocks = UInt32(
                    bigEndian: page.memory.load(fromByteOffset: 4 * chunk, as: UInt32.self))
                let leaves = page.word(at: BitPage.treeStart + 8 * chunk)
                guard blocks != 0, spread(blocks) & ~leaves != 0 else { continue }
                let first = (number << 13) + (UInt64(chunk) << 5)
                for block in first..<first + 32 where hasBlock(block) && !hasNode(2 * block) {
                    setBlock(block, false)
                }
            }
        }
    }

    /// Each bit of the word in front of a zero: the places of the leaves among the tree bits.
    private func spread(_ word: UInt32) -> UInt64 {
        var x = UInt64(word)
        x = (x | x << 16) & 0x0000_ffff_0000_ffff
        x = (x | x << 8) & 0x00ff_00ff_00ff_00ff
        x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f
        x = (x | x << 2) & 0x3333_3333_3333_3333
        x = (x | x << 1) & 0x5555_5555_5555_5555
        return x << 1
    }
}
