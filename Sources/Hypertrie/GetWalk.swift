/// Looks one key up (docs/spec/hypertrie.md section 7).
struct GetWalk<Source: NodeSource> {
    let source: Source
    let target: TriePath
    /// Stop before the end mark: the newest node at or below the key.
    var prefix = false
    /// Seqs in the order in which they were looked at, when somebody wants to know.
    var visited: [UInt64] = []

    /// What a walk ends with.
    struct Result {
        var found: NodeRecord?
        /// The node that shares the longest path with the target, found or not.
        var nearest: NodeRecord?
    }

    init(_ source: Source, _ target: TriePath, prefix: Bool = false) {
        self.source = source
        self.target = target
        self.prefix = prefix
    }

    mutating func run(from headSeq: UInt64?) throws -> Result {
        guard let headSeq else { return Result() }
        visited.append(headSeq)
        var head = try source.load(headSeq)
        if head.isReset { return Result() }
        let end = prefix ? target.length - 1 : target.length
        var position = 0
        while true {
            position = target.divergence(from: head.path, startingAt: position)
            if position >= end { return Result(found: head, nearest: head) }
            guard let next = try step(from: head, at: position) else {
                return Result(nearest: head)
            }
            guard visited.count <= SpecLimits.visitsMax else {
                throw TrieError.corrupt(head.seq, "looking it up does not end")
            }
            head = next
            position += 1
        }
    }

    /// The next node, where the path leaves the head's.
    private mutating func step(from head: NodeRecord, at position: Int) throws -> NodeRecord? {
        guard let bucket = head.table.bucket(at: position) else { return nil }
        let digit = target.digit(position)
        guard TriePath.isTerminator(position) else {
            guard let seq = head.table.pointer(in: bucket, slot: digit) else { return nil }
            visited.append(seq)
            return try source.follow(seq, from: head, at: position, digit: digit)
        }
        let chain = head.table.chain(in: bucket, digit: digit)
        visited += chain
        let absent = chain.filter { !source.isHere($0) }
        guard absent.isEmpty else { throw AbsentNodes(seqs: absent) }
        var next: NodeRecord?
        for seq in chain {
            let candidate = try source.follow(seq, from: head, at: position, digit: digit)
            if next == nil, !candidate.path.collides(with: target, at: position) {
                next = candidate
            }
        }
        return next
    }
}
