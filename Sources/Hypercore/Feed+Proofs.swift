import HyperCrypto

/// What replication asks, answers and stores.
extension Feed {
    /// What is known here about a block, for a request (docs/spec/hypercore.md section 10.1).
    public func digest(for block: UInt64) -> UInt64 {
        guard block <= Limits.lengthMax else { return 0 }
        return core.withLock { $0.digest(for: block) }
    }

    /// The proof for a block (section 10.2); `nil` = not even the leaf is here. `remote`: what the
    /// channel's peer is known to have; the digest adds to it.
    public func proof(
        for block: UInt64, digest: UInt64, includeLeaf: Bool, remote: RemoteNodes
    ) throws -> Proof? {
        guard digest <= Limits.integerMax else {
            throw FeedError.tooLarge("a digest of more than 53 bits")
        }
        // Taken out, so that the set is not copied when it grows.
        var known = NodeSet()
        swap(&known, &remote.nodes)
        defer { swap(&known, &remote.nodes) }
        return try core.withLock { core in
            try core.checkOpen()
            return try core.proof(
                for: block, digest: digest, includeLeaf: includeLeaf, remote: &known)
        }
    }

    /// Verifies a block, or a hash answer (`value` nil), and stores it (section 10.4). Throws
    /// `unverified` or `tooLarge` when it is a lie, `forked` when the author signed two histories,
    /// `io` when it cannot be stored; nothing is stored then. With `passes` a block that the disk
    /// has no room for is kept in memory for a moment: `Limits.passingBytes`.
    public func put(
        _ block: UInt64, value: [UInt8]?, proof: Proof, passes: @autoclosure () -> Bool = false
    ) throws {
        try proof.checkShape(block: block, valueBytes: value?.count)
        let leaf = value.map {
            TreeNode(index: 2 * block, hash: TreeHash.leaf($0), size: UInt64($0.count))
        }
        if let value, let leaf {
            do {
                announce(try put(block, value, leaf, proof))
            } catch let error as FeedError where error.isDiskFull && !isWritable && passes() {
                announce(try pass(block, value, leaf, proof))
            }
            return
        }
        let events = try core.withLock { core in
            try core.checkOpen()
            try core.checkSound()
            let verified = try core.verify(block, value: nil, proof: proof)
            return try core.store(verified, block, size: nil)
        }
        announce(events)
    }

    /// Verifies a block as `put` does and keeps it in memory for a moment: for who reads files that
    /// it may not write, and has got from elsewhere what is not in them.
    public func borrow(_ block: UInt64, value: [UInt8], proof: Proof) throws {
        try proof.checkShape(block: block, valueBytes: value.count)
        let leaf = TreeNode(
            index: 2 * block, hash: TreeHash.leaf(value), size: UInt64(value.count))
        announce(try pass(block, value, leaf, proof))
    }

    /// Keeps the block in memory, and of its proof what a hash answer would have brought.
    private func pass(
        _ block: UInt64, _ value: [UInt8], _ leaf: TreeNode, _ proof: Proof
    ) throws -> [Event] {
        try core.withLock { core in
            try core.checkOpen()
            try core.checkSound()
            let verified = try core.verify(block, value: leaf, proof: proof)
            let events = try core.store(verified, block, size: nil)
            core.passing.keep(block, value)
            return events
        }
    }

    private func put(
        _ block: UInt64, _ value: [UInt8], _ leaf: TreeNode, _ proof: Proof
    ) throws -> [Event] {
        let (verified, file, before) = try core.withLock { core in
            try core.checkOpen()
            try core.checkSound()
            let verified = try core.verify(block, value: leaf, proof: proof)
            let needsFile = !verified.isStored && !value.isEmpty
            return (verified, needsFile ? try core.openData() : nil, core.holes)
        }
        var holes = before
        while true {
            if let file, let offset = verified.offset { try file.write(value, at: offset) }
            let result = try core.withLock { core -> ([Event], UInt64) in
                try core.checkOpen()
                // A clear may have made a hole where we were writing: write once more then.
                guard core.holes == holes || file == nil else { return ([], core.holes) }
                if file != nil { core.unsynced.data = true }
                core.passing.drop(block)
                return (try core.store(verified, block, size: leaf.size), holes)
            }
            guard result.1 != holes else { return result.0 }
            holes = result.1
        }
    }

    /// Run-length encoded data bits for a Want (sections 11.2, 11.3). `start` is a multiple of 8;
    /// start and length 0 mean the whole feed.
    public func encodedBits(start: UInt64, length: UInt64) -> [UInt8] {
        let bytes = core.withLock { core in
            let count = start == 0 && length == 0 ? core.length : length
            let end = start.addingReportingOverflow(count)
            let range = start..<(end.overflow ? UInt64.max : end.partialValue)
            return core.bits.dataBytes(of: range.clamped(to: start & ~7..<max(start, core.length)))
        }
        return RunLength.encode(bytes)
    }

    /// Re-hashes stored blocks of a range against the tree (section 9.6). The bad ones are
    /// forgotten and returned; they can be fetched again.
    public func verifyStored(_ range: Range<UInt64>) throws -> [UInt64] {
        var bad: [UInt64] = []
        var rest = range.clamped(to: 0..<length)
        while let index = core.withLock({ $0.bits.firstStored(in: rest) }) {
            rest = index + 1..<rest.upperBound
            let leaf = try core.withLock { try $0.stored(2 * index) }
            let bytes: [UInt8]?
            do {
                bytes = try block(index)
            } catch let error as FeedError where error.errno == nil && error.code != .closed {
                // Too short a file, or a tree that contradicts itself: the block is not here.
                bytes = []
                if let leaf, leaf.size == 0 { continue }
            }
            guard let bytes else {
                // Reading has found out already what a lent block is worth.
                if loans?.isEmpty == false { bad.append(index) }
                continue
            }
            if let leaf, TreeHash.leaf(bytes) == leaf.hash { continue }
            bad.append(index)
            core.withLock { core in
                core.bits.setBlock(index, false)
                core.localBytes = nil
            }
            announce([.cleared(index..<index + 1)])
        }
        if !bad.isEmpty { try flush() }
        return bad
    }
}
