#if DEBUG
    import HyperCrypto

    extension FeedCore {
        /// Throws `corrupt` where the parts contradict each other. For tests and fuzzers: it looks
        /// at every bit.
        func checkInvariants() throws {
            func require(_ isTrue: Bool, _ what: String) throws {
                guard isTrue else { throw FeedError.corrupt("feed \(key): \(what)") }
            }
            try require(bits.impliedLength() == length, "the bits imply another length")
            try require(roots.map(\.index) == FlatTree.fullRoots(blocks: length), "other roots")
            try require(roots.totalSize == byteLength, "the roots have another size")
            for root in roots {
                try require(try stored(root.index) == root, "a root is not stored")
            }
            for node in 0..<2 * length where hasNode(node) {
                let found = try stored(node)
                try require(found != nil, "node \(node) is marked, but not stored")
                if let found, let left = FlatTree.leftChild(node),
                    let right = FlatTree.rightChild(node), let a = try stored(left),
                    let b = try stored(right)
                {
                    try require(TreeNode(parentOf: a, b) == found, "node \(node) is no parent")
                }
            }
            for block in 0..<length where hasBlock(block) {
                try require(hasNode(2 * block), "block \(block) has no leaf")
                try require(try byteOffset(of: block) != nil, "block \(block) has no place")
            }
            try require(
                bits.firstStored(in: length..<max(length, bits.blockBitLength)) == nil,
                "blocks beyond the length are marked")
        }
    }
#endif
