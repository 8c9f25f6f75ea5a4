/// Finds a key that is to be deleted and the neighbour whose rewrite leaves it out
/// (docs/spec/hypertrie.md section 8.2). Unlike the reference it follows colliding names.
struct DeleteWalk<Source: NodeSource> {
    let source: Source
    let path: TriePath

    /// What a walk ends with.
    struct Result {
        /// The node to delete; `nil` when the key is not there.
        var node: NodeRecord?
        /// The live node with the longest path in common; `nil` when it was the only key.
        var neighbour: NodeRecord?
        /// Where the walk ended.
        var last: NodeRecord?
    }

    func run(from headRecord: NodeRecord?) throws -> Result {
        guard var head = headRecord, !head.isReset else { return Result() }
        var near: UInt64?
        var position = 0
        while true {
            let parting = path.divergence(from: head.path, startingAt: position)
            // The deepest branch wins: its path shares most with the deleted key's, so its
            // rewrite passes every pointer that only the deleted node held.
            near = lastNeighbour(in: head, from: position, to: parting) ?? near
            guard parting < path.length else { break }
            guard let next = try source.step(from: head, toward: path, at: parting) else {
                return Result(last: head)
            }
            near = head.seq
            head = next
            position = parting + 1
        }
        guard head.path.hasSameKey(as: path) else { return Result(last: head) }
        return Result(node: head, neighbour: try near.map(source.load), last: head)
    }

    private func lastNeighbour(in head: NodeRecord, from: Int, to: Int) -> UInt64? {
        let first = head.table.firstBucket(from: from)
        let end = head.table.firstBucket(from: to)
        for bucket in head.table.buckets[first..<max(first, end)].reversed() {
            let digit = path.digit(bucket.position)
            let entries = head.table.entries(of: bucket)
            if let other = entries.first(where: { $0.slot != digit }) { return other.seq }
            // Only a colliding name can stand in the slot of the key's own digit.
            if TriePath.isTerminator(bucket.position), let twin = entries.first { return twin.seq }
        }
        return nil
    }
}
