/// Walks two versions of a trie at once and passes by what they share
/// (docs/spec/hypertrie.md section 9.3). Unlike the reference it tells colliding names apart.
struct DiffWalk<Source: NodeSource> {
    /// The same branch of both sides, by the newest nodes in it.
    private struct Pair {
        let position: Int
        let left: UInt64?
        let right: UInt64?
        /// Where the pointers to both stand, and under which digit: what they have to continue.
        var origin: TriePath?
        var digit = 0
    }

    private let source: Source
    private let additions: Bool
    private let removals: Bool
    /// The last one is next.
    private var stack: [Pair] = []

    init(
        _ source: Source, left: UInt64?, right: UInt64?, start: Int, additions: Bool,
        removals: Bool
    ) {
        self.source = source
        self.additions = additions
        self.removals = removals
        stack = [Pair(position: start, left: left, right: right)]
    }

    /// Throws `AbsentNodes` with everything that is known to be needed; the place is kept.
    mutating func next() throws -> TrieDiff.Entry? {
        while let pair = stack.last {
            guard isWanted(pair) else {
                stack.removeLast()
                continue
            }
            do {
                let branches = try visit(pair)
                stack.removeLast()
                guard let entry = branches.entry else {
                    stack += branches.pairs
                    continue
                }
                return entry
            } catch let absent as AbsentNodes {
                throw AbsentNodes(seqs: try gathered(first: absent.seqs))
            }
        }
        return nil
    }

    private func isWanted(_ pair: Pair) -> Bool {
        pair.left != pair.right && (additions || pair.right != nil)
            && (removals || pair.left != nil)
    }

    private func visit(_ pair: Pair) throws -> (entry: TrieDiff.Entry?, pairs: [Pair]) {
        let nodes = try source.load([pair.left, pair.right].compactMap { $0 })
        if let origin = pair.origin {
            for node in nodes {
                try Source.check(
                    node, follows: origin, at: pair.position - 1, digit: pair.digit)
            }
        }
        let left = pair.left == nil ? nil : nodes.first
        let right = pair.right == nil ? nil : nodes.last
        let position = Self.fork(of: left, right, from: pair.position)
        // A branch of one key ends in the same position on both sides: the end mark is a digit.
        let isLeftDone = left.map { position >= $0.path.length } ?? true
        let isRightDone = right.map { position >= $0.path.length } ?? true
        if isLeftDone, isRightDone, let key = (left ?? right)?.path.key {
            return (
                .init(key: key, left: left.map(TrieNode.init), right: right.map(TrieNode.init)), []
            )
        }
        var pairs: [Pair] = []
        for digit in 0...4 {
            var lefts = try candidates(of: left, at: position, digit: digit)
            var rights = try candidates(of: right, at: position, digit: digit)
            let shared = Set(lefts).intersection(rights)
            lefts.removeAll(where: shared.contains)
            rights.removeAll(where: shared.contains)
            for var next in try match(lefts, rights, at: position) {
                next.origin = (left ?? right)?.path
                next.digit = digit
                pairs.append(next)
            }
        }
        return (nil, pairs)
    }

    /// Where the sides have anything but themselves, or part: the end of a key is nearly always all
    /// that is in its branch, and has dozens of positions.
    private static func fork(of left: NodeRecord?, _ right: NodeRecord?, from start: Int) -> Int {
        var position = Int.max
        for node in [left, right].compactMap({ $0 }) {
            position = min(position, node.path.length, node.table.position(from: start) ?? .max)
        }
        if let left, let right {
            position = min(position, left.path.divergence(from: right.path, startingAt: 0))
        }
        return max(start, position)
    }

    /// The newest node of each branch that a side has under a digit: more than one only where
    /// names collide.
    private func candidates(
        of node: NodeRecord?, at position: Int, digit: Int
    ) throws -> [UInt64] {
        guard let node, position < node.path.length else { return [] }
        var found = node.path.digit(position) == digit ? [node.seq] : []
        if let bucket = node.table.bucket(at: position) {
            found += node.table.chain(in: bucket, digit: digit)
        }
        if found.count > 1 {
            try source.load(found).map(\.path).checkDistinct(at: position, in: node.seq)
        }
        return found
    }

    private func match(_ lefts: [UInt64], _ rights: [UInt64], at position: Int) throws -> [Pair] {
        let next = position + 1
        guard !lefts.isEmpty, !rights.isEmpty else {
            return lefts.map { Pair(position: next, left: $0, right: nil) }
                + rights.map { Pair(position: next, left: nil, right: $0) }
        }
        guard TriePath.isTerminator(position) else {
            return [Pair(position: next, left: lefts[0], right: rights[0])]
        }
        let nodes = try source.load(lefts + rights)
        var open = Array(nodes[lefts.count...])
        var pairs: [Pair] = []
        for left in nodes[..<lefts.count] {
            let twin = open.firstIndex { !$0.path.collides(with: left.path, at: position) }
            let right = twin.map { open.remove(at: $0) }
            pairs.append(Pair(position: next, left: left.seq, right: right?.seq))
        }
        return pairs + open.map { Pair(position: next, left: nil, right: $0.seq) }
    }

    /// Runs ahead of the blocked place on a copy: whatever else blocks it is needed as well.
    private func gathered(first: [UInt64]) throws -> [UInt64] {
        var ahead = self
        ahead.stack.removeLast()
        var found = first
        var known = Set(first)
        var visits = 0
        while let pair = ahead.stack.popLast(), visits < OwnLimits.frontierVisitsMax,
            found.count < OwnLimits.missingBlocksMax
        {
            guard isWanted(pair) else { continue }
            visits += 1
            do {
                ahead.stack += try ahead.visit(pair).pairs
            } catch let absent as AbsentNodes {
                found += absent.seqs.filter { known.insert($0).inserted }
            }
        }
        return found
    }
}
