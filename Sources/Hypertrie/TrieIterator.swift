import Hypercore

/// How to iterate.
extension Trie {
    /// What an iteration yields, and in which order.
    public struct IterationOptions: Sendable, Equatable {
        /// Everything below; otherwise one entry, any one, for each child.
        public var recursive = true
        /// The opposite order.
        public var reverse = false
        /// Without the entry of the prefix itself.
        public var gt = false
        /// The hidden half.
        public var hidden = false

        /// Everything below, visible.
        public init(
            recursive: Bool = true, reverse: Bool = false, gt: Bool = false, hidden: Bool = false
        ) {
            self.recursive = recursive
            self.reverse = reverse
            self.gt = gt
            self.hidden = hidden
        }

        /// As the wire extension writes them.
        var bits: UInt64 {
            (recursive ? 1 : 0) | (reverse ? 2 : 0) | (gt ? 4 : 0) | (hidden ? 8 : 0)
        }
    }

    /// The entries at and below a prefix, in the order of their hashes: an entry before what is
    /// below it (unless reversed), otherwise no order that means anything.
    public func iterate(_ prefix: String, _ options: IterationOptions = .init()) -> TrieIterator {
        TrieIterator(self, prefix: prefix, options: options)
    }
}

/// Entries one by one, all of the version that was there at the first call of `next`.
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct TrieIterator: Sendable {
    private let trie: Trie
    private let prefix: String
    let options: Trie.IterationOptions
    /// For `TrieChildren`.
    var needsOwnEntries = false
    private var walk: IteratorWalk<TrieCore>?

    init(_ trie: Trie, prefix: String, options: Trie.IterationOptions) {
        self.trie = trie
        self.prefix = prefix
        self.options = options
    }

    /// The next entry; `nil` at the end, again and again.
    public mutating func next() throws -> TrieNode? {
        try nextStop().map { TrieNode($0.record) }
    }

    mutating func nextStop() throws -> IteratorWalk<TrieCore>.Stop? {
        do {
            var walk = try opened()
            // Let go of, so that it is not copied when it changes.
            self.walk = nil
            defer { self.walk = walk }
            return try walk.next()
        } catch let absent as AbsentNodes {
            throw try missing(absent.seqs)
        }
    }

    /// Follows a pointer of a node that the iterator gave; what else will be missing like it is
    /// named at once.
    func follow(_ seq: UInt64, from stop: IteratorWalk<TrieCore>.Stop, digit: Int) throws
        -> NodeRecord
    {
        do {
            return try trie.core.follow(seq, from: stop.record, at: stop.position, digit: digit)
        } catch let absent as AbsentNodes {
            throw try missing(walk?.gathered(first: absent.seqs).seqs ?? absent.seqs)
        }
    }

    private func missing(_ seqs: [UInt64]) throws -> MissingBlocks {
        let path = try TriePath(prefix, hidden: options.hidden)
        let checkpoint = walk.map { walk in
            TrieCheckpoint.encode(walk.stack.map { ($0.position, $0.record.seq) })
        }
        let hint = try (walk?.head ?? trie.headSeq()).flatMap { head in
            trie.core.wire.request(
                prefix: path, options: options, head: head, followed: walk?.followed ?? 0,
                checkpoint: checkpoint)
        }
        return trie.core.missing(seqs, hint: hint)
    }

    private func opened() throws -> IteratorWalk<TrieCore> {
        if let walk { return walk }
        let path = try TriePath(prefix, hidden: options.hidden)
        let head = try trie.headSeq()
        var opening = GetWalk(trie.core, path, prefix: true)
        let root = try opening.run(from: head).found
        var walk = IteratorWalk(trie.core, root: root, prefix: path, options: options)
        walk.needsOwnEntries = needsOwnEntries
        walk.head = head
        return walk
    }
}
