/// Decoded nodes by seq, the most recently used ones.
///
/// Two generations approximate least-recently-used at the price of a dictionary: what is used
/// moves to the young one, and when that is full the old one is forgotten.
struct NodeCache {
    private let nodesMax: Int
    private let bytesMax: Int
    private var young: [UInt64: NodeRecord] = [:]
    private var old: [UInt64: NodeRecord] = [:]
    private var youngBytes = 0

    init(nodesMax: Int = OwnLimits.cacheNodesMax, bytesMax: Int = OwnLimits.cacheBytesMax) {
        self.nodesMax = nodesMax
        self.bytesMax = bytesMax
    }

    /// Nodes held, for tests.
    var count: Int { young.count + old.count }

    mutating func record(_ seq: UInt64) -> NodeRecord? {
        if let record = young[seq] { return record }
        guard let record = old.removeValue(forKey: seq) else { return nil }
        insert(record)
        return record
    }

    mutating func insert(_ record: NodeRecord) {
        guard young.updateValue(record, forKey: record.seq) == nil else { return }
        youngBytes += record.byteCost
        guard young.count * 2 > nodesMax || youngBytes * 2 > bytesMax else { return }
        old = young
        young = [:]
        youngBytes = 0
    }
}
