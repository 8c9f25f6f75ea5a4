/// The six files of a feed (docs/spec/hypercore.md section 5).
public enum FeedFile: String, Sendable, CaseIterable {
    /// 32 bytes: the public key.
    case key
    /// 64 bytes, only where the feed can be written.
    case secretKey = "secret_key"
    /// Hash and size of each tree node.
    case tree
    /// A signature for each batch that was appended.
    case signatures
    /// Which blocks and tree nodes are stored.
    case bitfield
    /// The blocks back to back, with holes where some are not stored.
    case data
}
