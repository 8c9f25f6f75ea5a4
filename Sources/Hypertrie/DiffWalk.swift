/// Walks two versions of a trie at once and passes by what they share
/// (docs/spec/hypertrie.md section 9.3). Unlike the reference it tells colliding names apart.
struct DiffWalk<Source: NodeSource> {
    /// The same branch of both sides, by the newest nodes in it.
    private struct Pair {
        let position: Int
        let left: UInt64?
        let right: UInt64?
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

    /// Throws `AbsentNodes` with everything on the stack that is not here; the place is kept.
    mutating func next() throws -> TrieDiff.Entry? {
        while let pair = stack.last {
            guard pair.left != pair.right, additions || pair.right != nil,
                removals || pair.left != nil
            else {
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
                throw AbsentNodes(seqs: gathered(first: absent.seqs))
            }
        }
        return nil
    }

    private func visit(_ pair: Pair) throws -> (entry: TrieDiff.Entry?, pairs: [Pair]) {
        let nodes = try source.load([pair.left, pair.right].compactMap { $0 })
        let left = pair.left == nil ? nil : nodes.first
        let right = pair.right == nil ? nil : nodes.last
        // A branch of one key ends in the same position on both sides: the end mark is a digit.
        let isLeftDone = left.map { pair.position >= $0.path.length } ?? true
        let isRightDone = right.map { pair.position >= $0.path.length } ?? true
        if isLeftDone, isRightDone, let key = (left ?? right)?.path.key {
            return (
                .init(key: key, left: left.map(TrieNode.init), right: right.map(TrieNode.init)), []
            )
        }
        var pairs: [Pair] = []
        for digit in 0...4 {
            var lefts = candidates(of: left, at: pair.position, digit: digit)
            var rights = candidates(of: right, at: pair.position, digit: digit)
            let shared = Set(lefts).intersection(rights)
            lefts.removeAll(where: shared.contains)
            rights.removeAll(where: shared.contains)
            pairs += try match(lefts, rights, from: (left, right), at: pair.position, digit: digit)
        }
        return (nil, pairs)
    }

    /// The newest node of each branch that a side has under a digit: more than one only where
    /// names collide.
    private func candidates(of node: NodeRecord?, at position: Int, digit: Int) -> [UInt64] {
        guard let node, position < node.path.length else { return [] }
        var found = node.path.digit(position) == digit ? [node.seq] : []
        if let bucket = node.table.bucket(at: position) {
            found += node.table.chain(in: bucket, digit: digit)
        }
        return found
    }

    private func match(
        _ lefts: [UInt64], _ rights: [UInt64],
        from origins: (left: NodeRecord?, right: NodeRecord?),
        at position: Int, digit: Int
    ) throws -> [Pair] {
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

    private func gathered(first: [UInt64]) -> [UInt64] {
        var found = first
        var known = Set(first)
        for pair in stack.reversed() where pair.left != pair.right {
            for case let seq? in [pair.left, pair.right]
            where !source.isHere(seq) && known.insert(seq).inserted {
                found.append(seq)
                if found.count >= OwnLimits.missingBlocksMax { return found }
            }
        }
        return found
    }
}
