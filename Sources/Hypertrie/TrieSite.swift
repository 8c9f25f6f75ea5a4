/// What a trie has at a key and below it.
public struct TrieSite: Sendable {
    /// The entry of exactly the key; `nil` when there are only entries below it.
    public let node: TrieNode?
    /// The newest entry at or below the key.
    public let newest: TrieNode
    /// Whether there is anything below the key.
    public let hasDescendants: Bool
}

extension Trie {
    /// What is at a key and below it, in one walk; `nil` when there is neither.
    public func site(of key: String, hidden: Bool = false) throws -> TrieSite? {
        let path = try TriePath(key, hidden: hidden)
        guard let newest = try lookUp(path, prefix: true).found else { return nil }
        // The newest node of a branch knows all others at the end mark's position.
        let position = path.length - 1
        let bucket = newest.table.bucket(at: position)
        var own: NodeRecord?
        if newest.path.digit(position) == 4 {
            own = newest
        } else if let bucket, let seq = newest.table.pointer(in: bucket, slot: 4) {
            do {
                own = try core.follow(seq, from: newest, at: position, digit: 4)
            } catch let absent as AbsentNodes {
                let hint = try headSeq().flatMap { core.wire.request(path, head: $0) }
                throw core.missing(absent.seqs, hint: hint)
            }
        }
        let others = (bucket?.slots ?? 0) & ~(1 << 4)
        return TrieSite(
            node: own.map(TrieNode.init), newest: TrieNode(newest),
            hasDescendants: others != 0 || newest !== own)
    }
}
