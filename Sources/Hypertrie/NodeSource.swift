/// Where a walk finds nodes: the feed through its cache, or a batch on top of it.
protocol NodeSource {
    /// The node of a block, which may be a reset mark; `nil` when the block is not here.
    func record(_ seq: UInt64) throws -> NodeRecord?
    /// Whether `record` would find it, without decoding.
    func isHere(_ seq: UInt64) -> Bool
}

/// A walk met blocks that are not here. Never leaves the module: `Trie` turns it into
/// `MissingBlocks` with the hint that suits the operation.
struct AbsentNodes: Error {
    let seqs: [UInt64]
}

extension NodeSource {
    /// The node of a seq, or `AbsentNodes`.
    func load(_ seq: UInt64) throws -> NodeRecord {
        guard let record = try record(seq) else { throw AbsentNodes(seqs: [seq]) }
        return record
    }

    /// Several nodes, or `AbsentNodes` with all that are missing.
    func load(_ seqs: [UInt64]) throws -> [NodeRecord] {
        let absent = seqs.filter { !isHere($0) }
        guard absent.isEmpty else { throw AbsentNodes(seqs: absent) }
        return try seqs.map(load)
    }

    /// The node that a pointer of another leads to. It has to continue the path up to and
    /// including the digit under which it was found, else its writer lies.
    func follow(_ seq: UInt64, from origin: NodeRecord, at position: Int, digit: Int) throws
        -> NodeRecord
    {
        let record = try load(seq)
        try Self.check(record, follows: origin.path, at: position, digit: digit)
        return record
    }

    /// The node to go on with where a path leaves the head's: the one under the path's digit, of
    /// colliding names the one with the right name.
    func step(from head: NodeRecord, toward path: TriePath, at position: Int) throws -> NodeRecord?
    {
        guard let bucket = head.table.bucket(at: position) else { return nil }
        let digit = path.digit(position)
        guard TriePath.isTerminator(position) else {
            guard let seq = head.table.pointer(in: bucket, slot: digit) else { return nil }
            return try follow(seq, from: head, at: position, digit: digit)
        }
        for seq in head.table.chain(in: bucket, digit: digit) {
            let candidate = try follow(seq, from: head, at: position, digit: digit)
            if !candidate.path.collides(with: path, at: position) { return candidate }
        }
        return nil
    }

    static func check(
        _ record: NodeRecord, follows origin: TriePath, at position: Int, digit: Int
    ) throws(TrieError) {
        guard position < record.path.length, !record.isReset,
            record.path.divergence(from: origin, startingAt: 0) >= position,
            record.path.digit(position) == digit
        else {
            throw .corrupt(record.seq, "it is not where the pointers to it say")
        }
    }
}
