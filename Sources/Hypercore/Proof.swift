/// What a peer sends along with a block, so that it can be verified
/// (docs/spec/hypercore.md section 10.2).
public struct Proof: Sendable, Equatable {
    /// The leaf if it was asked for, siblings from the bottom up, then the other roots from left
    /// to right.
    public var nodes: [TreeNode]
    /// 64 bytes over the roots, when the path ends in a root.
    public var signature: [UInt8]?

    /// A proof as it is.
    public init(nodes: [TreeNode], signature: [UInt8]?) {
        self.nodes = nodes
        self.signature = signature
    }

    /// Refuses what no honest peer sends, before any of it is used (section 13).
    func checkShape(block: UInt64, valueBytes: Int?) throws(FeedError) {
        guard block < Limits.lengthMax else {
            throw .tooLarge("block \(block) is beyond the largest feed we take part in")
        }
        guard nodes.count <= Limits.proofNodesMax else {
            throw .unverified("a proof has \(nodes.count) nodes")
        }
        for node in nodes where node.index >= 2 * Limits.lengthMax || node.size > Limits.integerMax
        {
            throw .tooLarge("a proof names node \(node.index) of \(node.size) bytes")
        }
        if let signature, signature.count != Limits.signatureBytes {
            throw .unverified("a signature has \(signature.count) bytes")
        }
        if let valueBytes {
            guard valueBytes <= Limits.blockBytesMax else {
                throw .tooLarge("block \(block) has \(valueBytes) bytes")
            }
        } else {
            guard nodes.first?.index == 2 * block else {
                throw .unverified("a hash answer does not begin with the leaf of block \(block)")
            }
        }
    }
}
