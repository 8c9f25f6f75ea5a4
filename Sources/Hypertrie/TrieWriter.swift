/// One batch in the making (docs/spec/hypertrie.md section 8.3).
struct TrieWriter {
    private let nodes: BatchNodes
    private var head: NodeRecord?

    /// The new nodes so far.
    var records: [NodeRecord] { nodes.records }

    /// Asked with the key's old node (or the nearest one, where `closest`) whether to go on.
    struct Condition {
        var closest = false
        var check: (TrieNode?) throws -> Bool
    }

    /// The core's writer lock is held.
    init(_ core: TrieCore) throws {
        nodes = BatchNodes(core)
        head = try core.headSeq.map(core.load)
    }

    /// Seq of the new node; `nil` when the condition did not hold.
    mutating func put(
        _ path: TriePath, value: [UInt8]?, userFlags: UInt64, condition: Condition? = nil
    ) throws -> UInt64? {
        guard userFlags <= SpecLimits.userFlagsMax else {
            throw TrieError(.tooLarge, "user flags go up to \(SpecLimits.userFlagsMax)")
        }
        var walk = PutWalk(nodes, path)
        let result = try walk.run(from: head)
        if let condition {
            let old = result.last.flatMap {
                condition.closest || $0.path.hasSameKey(as: path) ? TrieNode($0) : nil
            }
            guard try condition.check(old) else { return nil }
        }
        return add(path, value, userFlags << 8 | (path.isHidden ? 1 : 0), result.table)
    }

    /// Seq of the block that leaves the key out; `nil` when it was not there, or the condition
    /// did not hold.
    mutating func delete(_ path: TriePath, condition: Condition? = nil) throws -> UInt64? {
        let result = try DeleteWalk(source: nodes, path: path).run(from: head)
        guard let node = result.node else {
            if let condition, condition.closest {
                _ = try condition.check(result.last.map(TrieNode.init))
            }
            return nil
        }
        if let condition, try !condition.check(TrieNode(node)) { return nil }
        let neighbour = result.neighbour
        let path = try neighbour?.path ?? TriePath(normalized: "", hidden: node.path.isHidden)
        var walk = PutWalk(nodes, path, skipping: node.seq)
        let table = try walk.run(from: head).table
        return add(path, neighbour?.value, neighbour?.flags ?? node.flags & 1, table)
    }

    private mutating func add(
        _ path: TriePath, _ value: [UInt8]?, _ flags: UInt64, _ table: TrieTable
    ) -> UInt64 {
        let seq = nodes.nextSeq
        let record = NodeRecord(seq: seq, path: path, value: value, flags: flags, table: table)
        nodes.append(record)
        head = record
        return seq
    }

    /// Appends everything as one batch.
    func commit() throws {
        guard !records.isEmpty else { return }
        try nodes.core.feed.append(records.map { try $0.encoded() })
        nodes.core.remember(records.suffix(OwnLimits.cacheNodesMax / 4))
    }
}
