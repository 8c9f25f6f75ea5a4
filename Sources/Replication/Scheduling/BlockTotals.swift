/// Blocks since the beginning, with all peers, also those that are gone.
public struct BlockTotals: Sendable, Equatable {
    /// Blocks asked for; a block asked of two peers counts twice.
    public var requested: UInt64 = 0
    /// Blocks that came, verified and stored.
    public var received: UInt64 = 0
    /// Blocks that came and did not verify.
    public var rejected: UInt64 = 0
    /// Blocks sent.
    public var sent: UInt64 = 0
    /// Bytes of the blocks received.
    public var receivedBytes: UInt64 = 0
    /// Bytes of the blocks sent.
    public var sentBytes: UInt64 = 0
}
