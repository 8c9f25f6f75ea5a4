/// Tree nodes that one channel's peer is known to have (docs/spec/hypercore.md section 10.2): fed
/// by the digests of its requests, kept for the life of the channel. Not shared between threads.
///
/// Only nodes that we have ourselves are entered, so it is never larger than our own bitfield.
public final class RemoteNodes {
    var nodes = NodeSet()

    /// Nothing known yet.
    public init() {}
}

/// A sparse set of tree nodes.
struct NodeSet: Sendable {
    /// 64 nodes each, by number.
    private var words: [UInt64: UInt64] = [:]

    func contains(_ node: UInt64) -> Bool {
        (words[node >> 6] ?? 0) & (1 << (node & 63)) != 0
    }

    /// Enters a node, and each parent whose children are both known by now.
    mutating func insert(_ node: UInt64) {
        var next = node
        while mark(next), contains(FlatTree.sibling(next)) { next = FlatTree.parent(next) }
    }

    /// Whether it was news.
    private mutating func mark(_ node: UInt64) -> Bool {
        let bit: UInt64 = 1 << (node & 63)
        let old = words[node >> 6] ?? 0
        words[node >> 6] = old | bit
        return old & bit == 0
    }
}
