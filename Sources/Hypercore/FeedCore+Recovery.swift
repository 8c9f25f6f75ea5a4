/// Finding the length again, and the way back after damage (docs/spec/hypercore.md section 7).
///
/// The length is what the tree bits imply. When its roots do not load or are not signed, the feed
/// shrinks to the longest earlier snapshot that is whole, and the bits beyond it are cleared.
extension FeedCore {
    func recover(_ loans: Loans?) throws {
        let implied = bits.impliedLength()
        guard implied <= Limits.lengthMax else {
            throw FeedError.corrupt("the bitfield of feed \(key) implies \(implied) blocks")
        }
        if implied > 0, try !adopt(implied) {
            let found = try shrink(below: implied)
            recovery = Feed.Recovery(from: implied, to: found, lostBlocks: 0)
        }
        // A page that was torn may have bits beyond the length, which would hide what is appended
        // later, and bits of blocks without those of their nodes.
        bits.truncate(toBlocks: length)
        bits.clearBlocksWithoutLeaf()
        try repairLastCommit(loans)
        try forgetBlocksWithoutBytes()
    }

    /// Whether a length has all its roots and a signature; it is the feed's length then.
    private func adopt(_ length: UInt64) throws -> Bool {
        var found: [TreeNode] = []
        for root in FlatTree.fullRoots(blocks: length) {
            guard bits.hasNode(root), let node = try tree.node(root) else { return false }
            found.append(node)
        }
        guard let total = found.totalSize else { return false }
        let treeHash = found.treeHash
        if let signature = try signature(over: length) {
            guard key.verifies(signature, treeHash: treeHash, length: length) else { return false }
            self.signature = (length, signature)
        } else {
            // Without a signature it can only be a static feed, whose key is its hash. A feed of
            // ours, or any other, has lost something then.
            guard treeHash == key.raw else { return false }
            isStatic = true
        }
        self.length = length
        byteLength = total
        roots = found
        return true
    }

    /// The longest whole snapshot below a length, going back from signature to signature.
    private func shrink(below implied: UInt64) throws -> UInt64 {
        var found: UInt64 = 0
        var tries = 0
        try eachSignature(below: implied) { length in
            if try adopt(length) { found = length }
            tries += 1
            guard tries < Limits.recoveryVerificationsMax else {
                throw FeedError.corrupt("feed \(key) is damaged beyond repair")
            }
            return found > 0
        }
        if keyPair != nil, found == 0, tries > 0 {
            throw FeedError.corrupt(
                "nothing of the signed history of feed \(key) can be read; writing on from here "
                    + "would contradict what others have: restore its folder")
        }
        return found
    }

    /// Calls `body` with each shorter length that has a signature, the longest first, until it says
    /// that it is done.
    func eachSignature(below length: UInt64, _ body: (UInt64) throws -> Bool) throws {
        guard length > 0 else { return }
        var entries = length - 1
        var window: UInt64 = 1024
        while entries > 0 {
            let first = entries - min(window, entries)
            let start = Self.signatureOffset(first + 1)
            let end = Self.signatureOffset(entries + 1)
            if try signatureFile.nextData(from: start).map({ $0 >= end }) ?? true {
                // Nothing but a hole: look at twice as much next time.
                entries = first
                window *= 2
                continue
            }
            guard window <= 1024 else {
                window = 1024
                continue
            }
            let bytes = try signatureFile.bytes(at: start, count: Int(end - start))
            for entry in (first..<entries).reversed() {
                let at = Int(entry - first) * Limits.signatureBytes
                let signature = bytes.dropFirst(at).prefix(Limits.signatureBytes)
                if signature.contains(where: { $0 != 0 }), try body(entry + 1) { return }
            }
            entries = first
        }
    }

    /// A block whose bytes did not reach the data file is forgotten: it can be fetched again.
    private func forgetBlocksWithoutBytes() throws {
        guard length > 0 else { return }
        let size = try existingData()?.size() ?? 0
        guard size < byteLength else { return }
        var lost: UInt64 = 0
        var end = length
        while let last = bits.lastStored(before: end) {
            end = last
            guard let place = try place(of: last) else { continue }
            if place.isEmpty { continue }
            if place.upperBound <= size { break }
            bits.setBlock(last, false)
            lost += 1
        }
        lastOffset = nil
        guard lost > 0 else { return }
        recovery = Feed.Recovery(
            from: recovery?.from ?? length, to: length, lostBlocks: lost)
    }
}
