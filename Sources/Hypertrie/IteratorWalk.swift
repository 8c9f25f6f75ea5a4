/// Walks everything below a node, depth first (docs/spec/hypertrie.md section 9.1).
struct IteratorWalk<Source: NodeSource> {
    /// A place on the way: the node, and the first position not looked at.
    struct Stop: Sendable {
        let position: Int
        let record: NodeRecord

        /// The entry whose path ends here: the node itself, or one pointer away.
        var ownEntry: UInt64? {
            if position < record.path.length, record.path.digit(position) == 4 { return record.seq }
            return record.table.bucket(at: position).flatMap {
                record.table.pointer(in: $0, slot: 4)
            }
        }
    }

    private let source: Source
    private let options: Trie.IterationOptions
    /// Position of the prefix's end mark.
    private let start: Int
    /// Position at which an entry is yielded without looking below it.
    private let end: Int
    /// The last one is next.
    private(set) var stack: [Stop] = []
    /// The head that the walk started from, for requests.
    var head: UInt64?
    /// Whether the entry of each child's own name is needed as well.
    var needsOwnEntries = false
    /// Whether missing blocks end the walk without a look at what else is missing.
    var givesUpQuietly = false
    /// Pointers followed so far.
    private(set) var followed = 0
    /// Seqs in the order in which they were loaded, when `records` is on.
    var visited: [UInt64]?

    init(
        _ source: Source, root: NodeRecord?, prefix: TriePath, options: Trie.IterationOptions
    ) {
        self.source = source
        self.options = options
        start = 32 * prefix.components.count + 1
        end = options.recursive ? Int.max : start + 32
        if let root { stack = [Stop(position: start, record: root)] }
    }

    /// Goes on from a checkpoint's places.
    init(_ source: Source, stack: [Stop], prefix: TriePath, options: Trie.IterationOptions) {
        self.init(source, root: nil, prefix: prefix, options: options)
        self.stack = stack
    }

    /// Throws `AbsentNodes` with everything that is known to be needed; the place is kept.
    mutating func next() throws -> Stop? {
        while let top = stack.last {
            let position = skipAgreement(top)
            if position >= min(top.record.path.length, end) {
                stack.removeLast()
                return Stop(position: position, record: top.record)
            }
            do {
                let branches = try expand(Stop(position: position, record: top.record))
                stack.removeLast()
                stack += branches
            } catch let absent as AbsentNodes {
                throw givesUpQuietly ? absent : try gathered(first: absent.seqs)
            }
        }
        return nil
    }

    /// Everything that is missing below the stack, what is needed first in front.
    func gathered(first: [UInt64]) throws -> AbsentNodes {
        let frontier = Frontier(source, end: end, ownEntries: needsOwnEntries)
        return AbsentNodes(seqs: try frontier.missing(below: stack, first: first))
    }

    /// Positions without pointers only lead to the node itself.
    private func skipAgreement(_ stop: Stop) -> Int {
        if options.gt, stop.position == start { return start }
        let table = stop.record.table
        let index = table.firstBucket(from: stop.position)
        let next = index < table.buckets.count ? table.buckets[index].position : Int.max
        return max(stop.position, min(next, stop.record.path.length, end))
    }

    private mutating func expand(_ stop: Stop) throws -> [Stop] {
        let record = stop.record
        let position = stop.position
        let bucket = record.table.bucket(at: position)
        let own = record.path.digit(position)
        var branches: [Stop] = []
        var loaded: [UInt64] = []
        if let bucket {
            let absent = record.table.entries(of: bucket).map(\.seq).filter { !source.isHere($0) }
            guard absent.isEmpty else { throw AbsentNodes(seqs: absent) }
        }
        // A stack: what is pushed last comes first.
        for digit in options.reverse ? [4, 0, 1, 2, 3] : [3, 2, 1, 0, 4] {
            if digit == 4, options.gt, position == start { continue }
            var group: [Stop] = []
            if own == digit { group.append(Stop(position: position + 1, record: record)) }
            if let bucket {
                for seq in record.table.all(in: bucket, digit: digit) {
                    let next = try source.follow(seq, from: record, at: position, digit: digit)
                    loaded.append(seq)
                    group.append(Stop(position: position + 1, record: next))
                }
            }
            if group.count > 1 {
                try group.map(\.record.path).checkDistinct(at: position, in: record.seq)
                group.sort { Self.isAfter($0.record.path.key, $1.record.path.key) }
            }
            branches += group
        }
        followed += loaded.count
        visited?.append(contentsOf: loaded)
        return branches
    }

    /// Colliding keys go by UTF-16 code units, as the reference's strings do.
    private static func isAfter(_ a: String, _ b: String) -> Bool {
        b.utf16.lexicographicallyPrecedes(a.utf16)
    }
}

extension IteratorWalk: Sendable where Source: Sendable {}
