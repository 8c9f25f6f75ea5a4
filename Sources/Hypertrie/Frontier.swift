/// Finds what is missing below a set of nodes: one round trip then brings a whole level.
struct Frontier<Source: NodeSource> {
    private let source: Source
    /// Pointers from this position on are not needed.
    private let end: Int
    /// Except those at that position which end a path.
    private let ownEntries: Bool

    init(_ source: Source, end: Int = Int.max, ownEntries: Bool = false) {
        self.source = source
        self.end = end
        self.ownEntries = ownEntries
    }

    /// Missing seqs, those needed first in front, `first` before all. The bounds keep one look
    /// below a few milliseconds.
    func missing(below stack: [IteratorWalk<Source>.Stop], first: [UInt64]) throws -> [UInt64] {
        var found = first
        var known = Set(first)
        var open = stack.reversed().map { (position: $0.position, record: $0.record) }
        var next = 0
        while next < open.count, next < OwnLimits.frontierVisitsMax {
            let (position, record) = open[next]
            next += 1
            let table = record.table
            for bucket in table.buckets[table.firstBucket(from: position)...] {
                if bucket.position > end || bucket.position == end && !ownEntries { break }
                for (slot, seq) in table.entries(of: bucket)
                where (bucket.position < end || slot == 4) && known.insert(seq).inserted {
                    guard source.isHere(seq) else {
                        found.append(seq)
                        if found.count >= OwnLimits.missingBlocksMax { return found }
                        continue
                    }
                    let child = try source.follow(
                        seq, from: record, at: bucket.position, digit: slot % 5)
                    open.append((bucket.position + 1, child))
                }
            }
        }
        return found
    }
}
