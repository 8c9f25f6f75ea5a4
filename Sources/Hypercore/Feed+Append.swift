/// Writing.
extension Feed {
    /// One batch, one signature, durable on return. Returns the index of the first block. Throws
    /// `notWritable`, `tooLarge`, `io`, `closed`; the feed is as it was then.
    @discardableResult public func append(_ blocks: [[UInt8]]) throws -> UInt64 {
        if let large = blocks.first(where: { $0.count > Limits.blockBytesMax }) {
            throw FeedError.tooLarge("a block of \(large.count) bytes is beyond 8 MiB")
        }
        let batch = try beginBatch()
        for block in blocks { try batch.append(block) }
        return try batch.commit()
    }

    /// A batch that is written as it grows and becomes visible, signed and durable at commit.
    /// Waits while another batch is open; a thread that opens a second one itself waits for ever.
    public func beginBatch() throws -> FeedBatch {
        try core.withLock { try $0.checkWritable() }
        gate.enter()
        do {
            return try FeedBatch(feed: self)
        } catch {
            gate.leave()
            throw error
        }
    }

    /// Ends a batch whose blocks and nodes are written.
    func commit(_ snapshot: FeedCore.Snapshot) throws {
        try flushing.withLock { _ in
            let first = try core.withLock { try $0.beginCommit(snapshot) }
            var next = first
            while next < snapshot.length {
                let end = min(next + Limits.commitSliceBlocks, snapshot.length)
                core.withLock { $0.setBits(next..<end) }
                next = end
            }
            do {
                try flushFiles()
            } catch {
                core.withLock { $0.rollBack() }
                throw error
            }
            core.withLock { $0.endCommit(snapshot) }
        }
    }

    /// Forgets blocks, to make room; they can be fetched again. Tree nodes, offsets and signatures
    /// stay (docs/spec/hypercore.md section 9.3).
    public func clear(_ range: Range<UInt64>) throws { try clear([range]) }

    /// The same for many ranges, for the price of one flush.
    public func clear(_ ranges: [Range<UInt64>]) throws {
        let cleared = try flushing.withLock { _ in
            let cleared = try core.withLock { core in
                try ranges.flatMap { try core.clearBits($0) }
            }
            guard !cleared.isEmpty else { return cleared }
            // Until the disk knows that the bits are gone, the bytes have to stay.
            try flushFiles()
            try core.withLock { try $0.makeHoles(cleared) }
            return cleared
        }
        announce(cleared.map { .cleared($0) })
    }
}

extension FeedCore {
    /// Begins to add a snapshot whose nodes and blocks are in the files. Returns its first block.
    func beginCommit(_ snapshot: Snapshot) throws -> UInt64 {
        try checkWritable()
        guard let signature = snapshot.signature else {
            throw FeedError.corrupt("a batch without signature")
        }
        isCommitting = true
        do {
            // What a commit that failed left there would look like a signature in a batch.
            let end = Self.signatureOffset(length + 1)
            if try signatureFile.size() > end { try signatureFile.truncate(to: end) }
            try writeSignature(signature, over: snapshot.length)
        } catch {
            rollBack()
            throw error
        }
        unsynced = Unsynced(data: true, tree: true, signatures: true)
        return length
    }

    /// Sets the bits of new blocks; nobody sees them before the commit ends.
    func setBits(_ blocks: Range<UInt64>) {
        for block in blocks {
            bits.setBlock(block, true)
            bits.setNode(2 * block)
        }
    }

    /// The commit failed: the feed stays as long as it was.
    func rollBack() {
        bits.truncate(toBlocks: length)
        signature = nil
        isCommitting = false
    }

    func endCommit(_ snapshot: Snapshot) {
        isCommitting = false
        localBytes = localBytes.map { $0 + (snapshot.byteLength - byteLength) }
        length = snapshot.length
        byteLength = snapshot.byteLength
        roots = snapshot.roots
    }

    /// Clears the bits of stored blocks; returns the runs that were set.
    func clearBits(_ range: Range<UInt64>) throws -> [Range<UInt64>] {
        try checkOpen()
        var runs: [Range<UInt64>] = []
        var rest = range.clamped(to: 0..<length)
        while let first = bits.firstStored(in: rest) {
            let end = bits.firstMissing(in: first..<rest.upperBound) ?? rest.upperBound
            try subtractLocalBytes(first..<end)
            for block in first..<end { bits.setBlock(block, false) }
            runs.append(first..<end)
            rest = end..<rest.upperBound
        }
        return runs
    }

    /// Keeps the sum right without counting anew, which takes long in a feed full of gaps.
    private func subtractLocalBytes(_ run: Range<UInt64>) throws {
        guard let sum = localBytes else { return }
        if let start = try byteOffset(of: run.lowerBound),
            let last = try byteOffset(of: run.upperBound - 1),
            let leaf = try stored(2 * (run.upperBound - 1)), start + sum >= last + leaf.size
        {
            localBytes = sum - (last + leaf.size - start)
        } else {
            localBytes = nil
        }
    }

    /// Gives the bytes of cleared blocks back to the disk, except where they came back meanwhile.
    func makeHoles(_ runs: [Range<UInt64>]) throws {
        guard let file = try existingData() else { return }
        let size = try file.size()
        for run in runs {
            var rest = run
            while let first = bits.firstMissing(in: rest) {
                let end = bits.firstStored(in: first..<rest.upperBound) ?? rest.upperBound
                rest = end..<rest.upperBound
                guard let from = try byteOffset(of: first), let to = try byteOffset(of: end),
                    from < to
                else { continue }
                holes += 1
                if to >= size, !isWriting {
                    if from < size { try file.truncate(to: from) }
                } else {
                    try file.punchHole(from..<to)
                }
            }
        }
    }
}
