extension Trie {
    /// The names directly below a key, one by one: what a folder lists.
    public func children(of key: String, hidden: Bool = false) -> TrieChildren {
        TrieChildren(self, key: key, hidden: hidden)
    }
}

/// A name below a key.
public struct TrieChild: Sendable {
    /// The component.
    public let name: String
    /// The entry of exactly that name; `nil` when there are only entries below it.
    public let node: TrieNode?
    /// Whether there is anything below it.
    public let hasDescendants: Bool
}

/// The names below a key, in the order of their hashes.
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct TrieChildren: Sendable {
    private var entries: TrieIterator
    /// Index of the component that names the children.
    private let depth: Int
    private var pending: IteratorWalk<TrieCore>.Stop?

    init(_ trie: Trie, key: String, hidden: Bool) {
        entries = TrieIterator(
            trie, prefix: key, options: .init(recursive: false, gt: true, hidden: hidden))
        entries.needsOwnEntries = true
        depth = (try? TriePath(key, hidden: hidden).components.count) ?? 0
    }

    /// The next name; `nil` at the end, again and again.
    public mutating func next() throws -> TrieChild? {
        if pending == nil { pending = try entries.nextStop() }
        guard let stop = pending else { return nil }
        let child = try child(stop)
        pending = nil
        return child
    }

    /// The walk stopped at the end mark's position of the child's name, at the newest node of the
    /// branch: the child's own entry is that node, or one pointer away.
    private func child(_ stop: IteratorWalk<TrieCore>.Stop) throws -> TrieChild {
        let record = stop.record
        var own: NodeRecord?
        if let seq = stop.ownEntry {
            own = seq == record.seq ? record : try entries.follow(seq, from: stop, digit: 4)
        }
        let bucket = record.table.bucket(at: stop.position)
        let others = (bucket?.slots ?? 0) & ~(1 << 4)
        return TrieChild(
            name: record.path.name(of: depth), node: own.map(TrieNode.init),
            hasDescendants: others != 0 || record !== own)
    }
}
