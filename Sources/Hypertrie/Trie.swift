import HyperCrypto
import Hypercore

/// A key/value map inside a feed (docs/spec/hypertrie.md), live or as it was at a version.
///
/// Purely local: what is not stored here is thrown as `MissingBlocks`, together with the message
/// that asks a peer for the whole walk. Wrap reading in `resolve` to wait for it. Every method may
/// be called from any thread; all tries over one feed share their cache and their writers' lock.
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

    /// The feed below.
    public let feed: Feed

    /// The trie of a feed. A header that is here is checked, else `notTrie` is thrown; one that is
    /// not here is not waited for. From now on the feed answers its peers' requests for walks.
    public convenience init(feed: Feed) throws {
        self.init(TrieCore.of(feed), feed, checkoutVersion: nil)
        if feed.has(0) { _ = try header() }
    }

    init(_ core: TrieCore, _ feed: Feed, checkoutVersion: UInt64?) {
        self.core = core
        self.feed = feed
        self.checkoutVersion = checkoutVersion
    }

    /// Writes the header into an empty writable feed.
    public static func create(
        feed: Feed, metadata: [UInt8]? = nil, subtype: String? = nil
    ) throws -> Trie {
        let trie = Trie(TrieCore.of(feed), feed, checkoutVersion: nil)
        try trie.core.writeHeader(TrieHeader(metadata: metadata, subtype: subtype))
        return trie
    }

    /// Block 0, decoded.
    public func header() throws -> TrieHeader {
        guard let block = try feed.block(0) else { throw core.missing([0]) }
        return try TrieHeader(decoding: block)
    }

    /// Feed length, or the checkout's number. 0 and 1 are empty.
    public var version: UInt64 { checkoutVersion ?? feed.length }

    /// The same trie as it was when the feed had that length; it cannot be written.
    public func checkout(_ version: UInt64) -> Trie {
        Trie(core, feed, checkoutVersion: max(version, 1))
    }

    /// The seq of the newest node; `nil` while the trie is empty.
    func headSeq() throws -> UInt64? {
        guard let checkoutVersion else {
            // A reader who knows nothing of the feed yet may not call it empty.
            if feed.length == 0, !feed.isWritable {
                throw MissingBlocks(feed: feed, target: .length(atLeast: 1))
            }
            return core.headSeq
        }
        return checkoutVersion < 2 ? nil : checkoutVersion - 1
    }
}
