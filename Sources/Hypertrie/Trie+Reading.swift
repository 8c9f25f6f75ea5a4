extension Trie {
    /// The entry of a key; `nil` when there is none.
    ///
    /// `closest`: on a miss the entry that shares the longest path of hashes, of either half, not
    /// necessarily an ancestor. `prefix`: the newest entry at or below the key.
    public func get(
        _ key: String, hidden: Bool = false, closest: Bool = false, prefix: Bool = false
    ) throws -> TrieNode? {
        let result = try lookUp(TriePath(key, hidden: hidden), prefix: prefix)
        return (closest ? result.nearest : result.found).map(TrieNode.init)
    }

    /// The node of one block; `nil` for the header, for reset marks and beyond this version.
    public func node(at seq: UInt64) throws -> TrieNode? {
        guard seq >= 1, seq < version else { return nil }
        guard let record = try core.record(seq) else { throw core.missing([seq]) }
        return record.isReset ? nil : TrieNode(record)
    }

    /// - Parameter wanted: what a peer is asked for while even the head is missing, when that is
    ///   not the path itself.
    func lookUp(
        _ path: TriePath, prefix: Bool = false, wanted: TriePath? = nil
    ) throws -> GetWalk<TrieCore>.Result {
        let head = try headSeq()
        var walk = GetWalk(core, path, prefix: prefix)
        do {
            return try walk.run(from: head)
        } catch let absent as AbsentNodes {
            let asked = absent.seqs == head.map { [$0] } ? wanted ?? path : path
            throw core.missing(
                absent.seqs, hint: head.flatMap { core.wire.request(asked, head: $0) })
        }
    }
}
