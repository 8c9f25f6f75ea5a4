extension MountedTrie {
    /// What makes the trie that holds a path differ from an older version of it. What is mounted
    /// is not compared.
    public func diff(from older: UInt64, below path: String = "") throws -> MountedDiff {
        let place = try resolve(path)
        let right = place.trie.checkout(older)
        return MountedDiff(place: place, entries: place.trie.diff(from: right, prefix: place.inner))
    }
}

/// Differences one by one (docs/spec/mountable-hypertrie.md section 8).
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct MountedDiff {
    /// What happened to a path.
    public enum Kind: String, Sendable {
        /// An entry was written; a neighbour of a deleted one as well.
        case put
        /// An entry is gone.
        case del
        /// A trie is mounted here, now or anew.
        case mount
        /// A trie was mounted here.
        case unmount
    }

    /// A path that differs.
    public struct Entry: Sendable {
        /// What happened.
        public let kind: Kind
        /// Full path from the outermost trie.
        public let path: String
        /// The new entry.
        public let left: TrieNode?
        /// The old one.
        public let right: TrieNode?
    }

    private let place: MountPlace
    private var entries: TrieDiff

    init(place: MountPlace, entries: TrieDiff) {
        self.place = place
        self.entries = entries
    }

    /// The next difference; `nil` at the end, again and again.
    public mutating func next() throws -> Entry? {
        guard let entry = try entries.next() else { return nil }
        let isMount = (entry.left ?? entry.right)?.userFlags == MountRecord.userFlag
        let kind: Kind =
            switch (entry.left != nil, isMount) {
            case (true, false): .put
            case (true, true): .mount
            case (false, false): .del
            case (false, true): .unmount
            }
        return Entry(
            kind: kind, path: MountPath.join(place.prefix, entry.key), left: entry.left,
            right: entry.right)
    }
}
