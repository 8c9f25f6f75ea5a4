/// Builds the table of a new node: walks from the head along the new key and copies every pointer
/// that leads elsewhere (docs/spec/hypertrie.md section 8.1).
struct PutWalk<Source: NodeSource> {
    let source: Source
    let path: TriePath
    /// A node that is being deleted: no pointer to it is copied.
    let skipped: UInt64?

    /// What a walk ends with.
    struct Result {
        var table: TrieTable
        /// Where the walk ended: the key's old node, or the nearest one.
        var last: NodeRecord?
    }

    private var builder = TableBuilder()

    init(_ source: Source, _ path: TriePath, skipping skipped: UInt64? = nil) {
        self.source = source
        self.path = path
        self.skipped = skipped
    }

    mutating func run(from headRecord: NodeRecord?) throws -> Result {
        var last: NodeRecord?
        var next = headRecord
        var position = 0
        while let head = next, !head.isReset {
            let parting = path.divergence(from: head.path, startingAt: position)
            try copyBuckets(of: head, from: position, to: parting)
            guard parting < path.length else {
                last = head
                break
            }
            try copyParting(of: head, at: parting)
            next = try source.step(from: head, toward: path, at: parting)
            if next == nil { last = TriePath.isTerminator(parting) ? nil : head }
            position = parting + 1
        }
        return Result(table: builder.finish(), last: last)
    }

    /// Positions at which both paths agree.
    private mutating func copyBuckets(of head: NodeRecord, from: Int, to: Int) throws {
        var index = head.table.firstBucket(from: from)
        while index < head.table.buckets.count, head.table.buckets[index].position < to {
            try copy(head.table.buckets[index], of: head)
            index += 1
        }
    }

    /// The position at which the paths part: the head itself becomes a neighbour. At the end of a
    /// component it comes before the others: the order is part of the format.
    private mutating func copyParting(of head: NodeRecord, at position: Int) throws {
        let bucket = head.table.bucket(at: position)
        if let bucket, !TriePath.isTerminator(position) { try copy(bucket, of: head) }
        if head.seq != skipped {
            try builder.add(head.seq, at: position, slot: head.path.digit(position))
        }
        if let bucket, TriePath.isTerminator(position) { try copy(bucket, of: head) }
    }

    private mutating func copy(_ bucket: TrieTable.Bucket, of head: NodeRecord) throws {
        let position = bucket.position
        let digit = path.digit(position)
        let isTerminator = TriePath.isTerminator(position)
        for (slot, seq) in head.table.entries(of: bucket) where seq != skipped {
            if slot % 5 == digit {
                // The way of the new key itself, unless only the hashes agree.
                guard isTerminator,
                    try source.load(seq).path.collides(with: path, at: position)
                else { continue }
            }
            try builder.add(seq, at: position, slot: slot)
        }
    }
}
