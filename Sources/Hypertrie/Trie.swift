import HyperCrypto
import Hypercore

/// A key/value map inside a feed (docs/spec/hypertrie.md), live or as it was at a version.
///
/// Purely local: what is not stored here is thrown as `MissingBlocks`, together with the message that asks
/// a peer for the whole walk. Wrap reading in `resolve` to wait for it. Every method may be called from any thread.
///
/// ```swift
/// let trie = try Trie.create(feed: feed)
/// try trie.put("a/b", [1, 2, 3])
/// let node = try trie.get("a/b")
/// ```
public final class Trie: Sendable {
    let core: TrieCore
    /// `nil`: live, follows the feed.
    public let checkoutVersion: UInt64?

    init(core: TrieCore, checkoutVersion: UInt64? = nil) {
        self.core = core
        self.checkoutVersion = checkoutVersion
    }

    /// The feed below.
    public var feed: Feed {
        guard let feed = core.log as? Feed else { preconditionFailure("a trie without a feed") }
        return feed
    }

    /// The trie of a feed. A header that is here is checked; one that is not is not waited for.
    public convenience init(feed: Feed) throws {
        self.init(core: TrieCore(log: feed))
        if feed.has(0) { _ = try header() }
    }

    /// Writes the header into an empty writable feed.
    public static func create(
        feed: Feed, metadata: [UInt8]? = nil, subtype: String? = nil
    ) throws -> Trie {
        let trie = Trie(core: TrieCore(log: feed))
        try trie.core.writeHeader(TrieHeader(metadata: metadata, subtype: subtype))
        return trie
    }

    /// Block 0, decoded.
    public func header() throws -> TrieHeader {
        guard let block = try core.log.block(0) else { throw core.missing([0]) }
        return try TrieHeader(decoding: block)
    }

    /// Feed length, or the checkout's number. 0 and 1 are empty.
    public var version: UInt64 { checkoutVersion ?? core.log.length }

    /// The same trie as it was when the feed had that length; it cannot be written.
    public func checkout(_ version: UInt64) -> Trie {
        Trie(core: core, checkoutVersion: max(version, 1))
    }

    /// The seq of the newest node; `nil` while the trie is empty.
    func headSeq() throws -> UInt64? {
        guard let checkoutVersion else {
            // A reader who knows nothing of the feed yet may not call it empty.
            if core.log.length == 0, !core.log.isWritable { throw core.missingLength() }
            return core.headSeq
        }
        return checkoutVersion < 2 ? nil : checkoutVersion - 1
    }
}
