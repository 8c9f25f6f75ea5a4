import HyperCrypto

/// A node of a feed's Merkle tree as a Data message carries it: not verified.
public struct WireNode: Sendable, Equatable {
    /// Index in the flat tree, at most 2^53-1.
    public var index: UInt64
    /// Hash of the node.
    public var hash: Bytes32
    /// Bytes of all blocks below the node, at most 2^53-1.
    public var size: UInt64

    /// A node from its three parts.
    public init(index: UInt64, hash: Bytes32, size: UInt64) {
        self.index = index
        self.hash = hash
        self.size = size
    }
}
