/// Nodes that are not appended yet, on top of the feed. A class, because every walk of a batch
/// holds it while it grows: an array in a struct would be copied for each operation.
final class BatchNodes: NodeSource {
    let core: TrieCore
    private let start: UInt64
    private(set) var records: [NodeRecord] = []

    /// The core's writer lock is held for as long as this lives.
    init(_ core: TrieCore) {
        self.core = core
        start = core.feed.length
    }

    /// The block that the next node will be.
    var nextSeq: UInt64 { start + UInt64(records.count) }

    func append(_ record: NodeRecord) { records.append(record) }

    func record(_ seq: UInt64) throws -> NodeRecord? {
        if seq < start { return try core.record(seq) }
        let index = seq - start
        return index < UInt64(records.count) ? records[Int(index)] : nil
    }

    func isHere(_ seq: UInt64) -> Bool { seq < start ? core.isHere(seq) : seq < nextSeq }
}
