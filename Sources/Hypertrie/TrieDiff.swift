extension Trie {
    /// What makes this trie differ from an older one of the same feed: the keys whose entry is in
    /// another block, also when it says the same (a delete rewrites a neighbour).
    ///
    /// - Parameters:
    ///   - older: usually a checkout; it may as well be the newer one.
    ///   - additions: `false` leaves out what only this trie has.
    ///   - removals: `false` leaves out what only the other has.
    public func diff(
        from older: Trie, prefix: String = "", hidden: Bool = false, additions: Bool = true,
        removals: Bool = true
    ) -> TrieDiff {
        TrieDiff(
            self, older, prefix: prefix, hidden: hidden, additions: additions, removals: removals)
    }
}

/// Differences one by one (docs/spec/hypertrie.md section 9.3), in no order that means anything.
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct TrieDiff {
    /// A key whose entry differs.
    public struct Entry: Sendable {
        /// The key, as the newer side spells it.
        public let key: String
        /// The entry in the trie that was asked; `nil` when it has none.
        public let left: TrieNode?
        /// The entry in the other one.
        public let right: TrieNode?
    }

    private let left: Trie
    private let right: Trie
    private let prefix: String
    private let isHidden: Bool
    private let additions: Bool
    private let removals: Bool
    private var walk: DiffWalk<TrieCore>?

    init(
        _ left: Trie, _ right: Trie, prefix: String, hidden: Bool, additions: Bool, removals: Bool
    ) {
        self.left = left
        self.right = right
        self.prefix = prefix
        isHidden = hidden
        self.additions = additions
        self.removals = removals
    }

    /// The next difference; `nil` at the end, again and again.
    public mutating func next() throws -> Entry? {
        do {
            var walk = try opened()
            // Let go of, so that it is not copied when it changes.
            self.walk = nil
            defer { self.walk = walk }
            return try walk.next()
        } catch let absent as AbsentNodes {
            throw left.core.missing(try withGap(absent.seqs))
        }
    }

    private func opened() throws -> DiffWalk<TrieCore> {
        if let walk { return walk }
        let path = try TriePath(prefix, hidden: isHidden)
        var opening = GetWalk(left.core, path, prefix: true)
        let leftRoot = try opening.run(from: left.headSeq()).found
        opening = GetWalk(right.core, path, prefix: true)
        let rightRoot = try opening.run(from: right.headSeq()).found
        return DiffWalk(
            left.core, left: leftRoot?.seq, right: rightRoot?.seq,
            start: 32 * path.components.count + 1, additions: additions, removals: removals)
    }

    /// Between two near versions nearly every block belongs to the difference: all in one go.
    private func withGap(_ seqs: [UInt64]) throws -> [UInt64] {
        let ends = [left.version, right.version].sorted()
        let gap = max(ends[0], 1)..<max(ends[1], 1)
        guard gap.upperBound - gap.lowerBound <= OwnLimits.diffGapBlocksMax else { return seqs }
        return seqs + gap.reversed().filter { !left.core.isHere($0) && !seqs.contains($0) }
    }
}
