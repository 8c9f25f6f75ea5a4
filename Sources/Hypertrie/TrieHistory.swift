extension Trie {
    /// The nodes of this version by seq, hidden ones and rewrites made by deletes included.
    /// Ends at the first mark of an emptied trie, whichever way it goes.
    ///
    /// - Parameters:
    ///   - from: the first seq, at least 1.
    ///   - to: the last seq; `nil` for the newest.
    public func history(from: UInt64 = 1, to: UInt64? = nil, reverse: Bool = false) -> TrieHistory {
        TrieHistory(self, from: from, to: to, reverse: reverse)
    }
}

/// Nodes in the order of their writing (docs/spec/hypertrie.md section 9.2).
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct TrieHistory {
    private let trie: Trie
    private let from: UInt64
    private let to: UInt64?
    private let reverse: Bool
    private var rest: Range<UInt64>?

    init(_ trie: Trie, from: UInt64, to: UInt64?, reverse: Bool) {
        self.trie = trie
        self.from = max(from, 1)
        self.to = to
        self.reverse = reverse
    }

    /// The next node; `nil` at the end, again and again.
    public mutating func next() throws -> TrieNode? {
        do {
            let seqs = try opened()
            rest = seqs
            guard !seqs.isEmpty else { return nil }
            let seq = reverse ? seqs.upperBound - 1 : seqs.lowerBound
            guard let record = try trie.core.record(seq) else { throw missing(seqs) }
            guard !record.isReset else {
                rest = 0..<0
                return nil
            }
            rest = reverse ? seqs.lowerBound..<seq : seq + 1..<seqs.upperBound
            return TrieNode(record)
        } catch let absent as AbsentNodes {
            throw trie.core.missing(absent.seqs)
        }
    }

    private func opened() throws -> Range<UInt64> {
        if let rest { return rest }
        guard let head = try trie.headSeq(), try !trie.core.load(head).isReset else { return 0..<0 }
        let last = min(to ?? head, head)
        return from <= last ? from..<last + 1 : 0..<0
    }

    private func missing(_ seqs: Range<UInt64>) -> any Error {
        let count = min(OwnLimits.historyAheadMax, seqs.upperBound - seqs.lowerBound)
        let ahead =
            reverse
            ? Array((seqs.upperBound - count..<seqs.upperBound).reversed())
            : Array(seqs.lowerBound..<seqs.lowerBound + count)
        return trie.core.missing(ahead.filter { !trie.core.isHere($0) })
    }
}
