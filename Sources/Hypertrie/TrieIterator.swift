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
public struct TrieIterator {
    private let trie: Trie
    private let prefix: String
    let options: Trie.IterationOptions
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
            defer { self.walk = walk }
            return try walk.next()
        } catch let absent as AbsentNodes {
            throw trie.core.missing(absent.seqs)
        }
    }

    private func opened() throws -> IteratorWalk<TrieCore> {
        if let walk { return walk }
        let path = try TriePath(prefix, hidden: options.hidden)
        let head = try trie.headSeq()
        var opening = GetWalk(trie.core, path, prefix: true)
        let root = try opening.run(from: head).found
        return IteratorWalk(trie.core, root: root, prefix: path, options: options)
    }
}
