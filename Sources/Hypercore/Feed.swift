import HyperCrypto
import Synchronization

/// One append-only feed: a log of blocks under a public key.
///
/// Safe to use from any thread: state sits behind one short lock; block data is hashed, read and
/// written outside of it. What `append` and `FeedBatch.commit` return for is on the disk; downloads
/// are from the next `flush` on.
public final class Feed: Sendable {
    /// Who knows it can read and verify the feed.
    public let key: PublicKey
    /// The name under which the feed is found.
    public let discoveryKey: DiscoveryKey
    /// Whether its secret key is here.
    public let isWritable: Bool

    let core: Mutex<FeedCore>
    /// Which bytes lie in files of a folder; nil = none ever do.
    let loans: Loans?
    let gate = WriterGate()
    /// Held while files are brought to the disk; taken before `core`, never inside of it.
    let flushing = Mutex(())
    let observers = Mutex(Observers())
    let links = Mutex(Links())

    /// Opens or creates. `key` nil: the stored one, else that of `keyPair`, else a random pair.
    /// `loans`: where bytes lie that are not in the storage. Throws `otherFeed`, `notFound`,
    /// `corrupt`, `io`.
    public init(
        storage: any FeedStorage, key: PublicKey? = nil, keyPair: KeyPair? = nil,
        loans: Loans? = nil, createIfMissing: Bool = true
    ) throws {
        let core = try FeedCore.open(
            storage, key: key, keyPair: keyPair, loans: loans, createIfMissing: createIfMissing)
        // What a commit left that never ended.
        loans?.remove([core.byteLength..<UInt64.max])
        self.loans = loans
        self.key = core.key
        discoveryKey = core.key.discoveryKey
        isWritable = core.keyPair != nil
        self.core = Mutex(core)
    }

    /// Blocks in the longest snapshot that was verified.
    public var length: UInt64 { core.withLock { $0.length } }

    /// Bytes of all those blocks, stored here or not.
    public var byteLength: UInt64 { core.withLock { $0.byteLength } }

    /// Length and bytes of one and the same snapshot.
    public var lengths: (blocks: UInt64, bytes: UInt64) {
        core.withLock { ($0.length, $0.byteLength) }
    }

    /// Whether a block is here.
    public func has(_ block: UInt64) -> Bool { core.withLock { $0.isReadable(block) } }

    /// Whether every block of a range is here. True for an empty range.
    public func hasAll(_ range: Range<UInt64>) -> Bool { firstMissing(in: range) == nil }

    /// The first block of a range that is not here; blocks beyond the length are not.
    public func firstMissing(in range: Range<UInt64>) -> UInt64? {
        core.withLock { $0.firstUnreadable(in: range) }
    }

    /// How many blocks of a range are stored here.
    public func localBlocks(in range: Range<UInt64>) -> UInt64 {
        core.withLock { $0.bits.count(in: range.clamped(to: 0..<$0.length)) }
    }

    /// Bytes of all blocks stored here. The first call counts; 0 when the tree cannot be read.
    public var localBytes: UInt64 {
        core.withLock { (try? $0.countLocalBytes()) ?? 0 }
    }

    /// What opening had to mend.
    public struct Recovery: Sendable, Equatable {
        /// Length that the bitfield implied.
        public var from: UInt64
        /// Length of the longest snapshot that was whole.
        public var to: UInt64
        /// Blocks below that length whose bytes were missing from the data file.
        public var lostBlocks: UInt64
    }

    /// What opening had to mend; `nil` = all was well. A writer that lost blocks others may have
    /// seen should not write on without asking them first.
    public var recovery: Recovery? { core.withLock { $0.recovery } }
}

extension FeedCore {
    func firstMissing(in range: Range<UInt64>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        let known = range.clamped(to: 0..<length)
        if let missing = bits.firstMissing(in: known) { return missing }
        return range.upperBound > length ? max(length, range.lowerBound) : nil
    }
}
