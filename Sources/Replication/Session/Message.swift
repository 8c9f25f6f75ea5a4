/// A message about a feed (types 1 to 9 of docs/spec/hypercore-protocol.md section 4).
///
/// What arrives has been checked for shape: every integer is at most 2^53-1 (so sums of two do not
/// overflow), hashes have 32 and signatures 64 bytes, a Data message without value starts with the
/// leaf of its block, a bitfield that is not empty starts at a multiple of 8. Whether it makes
/// sense for the feed is for the receiver to judge: ranges may lie beyond the feed and bitfields
/// may not decode.
/// Optional parts are `nil` where the sender left them out.
public enum Message: Sendable, Equatable {
    /// The sender's extension names, sorted, and whether it wants Data acknowledged (`nil` on
    /// channel 0). A session sends and applies these by itself.
    case options(extensions: [String], ack: Bool?)
    /// Whether the sender gives and takes blocks.
    case status(uploading: Bool, downloading: Bool)
    /// Blocks that the sender has: a range (no length = one block), or the blocks of a run-length
    /// encoded bitfield that starts at `start`.
    case have(start: UInt64, length: UInt64?, bitfield: [UInt8]?, ack: Bool?)
    /// Blocks that the sender no longer has (no length = one block).
    case unhave(start: UInt64, length: UInt64?)
    /// Asks for Haves about a range.
    case want(start: UInt64, length: UInt64)
    /// Takes a Want back.
    case unwant(start: UInt64, length: UInt64)
    /// Asks for a block, or its hashes only, or the block that holds a byte. `nodes` is the digest
    /// of what the sender has (docs/spec/hypercore.md section 10).
    case request(index: UInt64, bytes: UInt64, hash: Bool, nodes: UInt64)
    /// Takes a Request back.
    case cancel(index: UInt64, bytes: UInt64, hash: Bool)
    /// A block and its proof. `value` is `nil` in an answer of hashes only, and empty in an empty
    /// block.
    case data(index: UInt64, value: [UInt8]?, nodes: [WireNode], signature: [UInt8]?)
}
