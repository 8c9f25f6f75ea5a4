import HyperCrypto

/// CONTRACT SKELETON - bodies to be written
public final class Feed: Sendable {
    public let key: PublicKey
    public let discoveryKey: DiscoveryKey
    public var isWritable: Bool { preconditionFailure() }

    /// Opens or creates. `key` nil: the stored one, else that of keyPair, else a random pair.
    public init(storage: any FeedStorage, key: PublicKey? = nil, keyPair: KeyPair? = nil, createIfMissing: Bool = true) throws { preconditionFailure() }

    // -- state (short lock, any thread)
    public var length: UInt64 { preconditionFailure() }
    public var byteLength: UInt64 { preconditionFailure() }
    public func has(_ block: UInt64) -> Bool { preconditionFailure() }
    public func hasAll(_ range: Range<UInt64>) -> Bool { preconditionFailure() }
    public func firstMissing(in range: Range<UInt64>) -> UInt64? { preconditionFailure() }
    public func localBlocks(in range: Range<UInt64>) -> UInt64 { preconditionFailure() }
    /// Bytes of all blocks stored here.
    public var localBytes: UInt64 { preconditionFailure() }

    // -- reading what is here
    /// nil = not stored here. Throws io/corrupt.
    public func block(_ index: UInt64) throws -> [UInt8]? { preconditionFailure() }
    /// Byte position of a block in the feed; nil = the tree nodes for it are not here.
    public func byteOffset(of block: UInt64) throws -> UInt64? { preconditionFailure() }
    /// Size of a block; nil = its leaf is not here.
    public func size(of block: UInt64) throws -> UInt64? { preconditionFailure() }
    public enum Seek: Sendable, Equatable { case found(block: UInt64, offset: UInt64), needs(blocks: Range<UInt64>) }
    /// Where a byte lives (9.2). Bounded to `range` when given. Throws tooLarge beyond byteLength.
    public func seek(byte: UInt64, within range: Range<UInt64>? = nil) throws -> Seek { preconditionFailure() }
    /// Plain pread of the data file: the caller has made sure that the blocks there are stored.
    /// Throws io on a short read.
    public func readData(at byteOffset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws { preconditionFailure() }

    // -- writing (one writer at a time; an inner lock serialises)
    /// One batch, one signature, durable on return. Returns the index of the first block.
    @discardableResult public func append(_ blocks: [[UInt8]]) throws -> UInt64 { preconditionFailure() }
    /// A batch that is written as it grows and becomes visible, signed and durable at commit.
    public func beginBatch() throws -> FeedBatch { preconditionFailure() }
    public func clear(_ range: Range<UInt64>) throws { preconditionFailure() }
    /// Makes everything stored so far durable: data, tree, signatures, then the bitfield.
    public func flush() throws { preconditionFailure() }
    public func close() throws { preconditionFailure() }
    /// Re-hashes local blocks; the bad ones are forgotten and returned.
    public func verifyStored(_ range: Range<UInt64>) throws -> [UInt64] { preconditionFailure() }

    // -- proofs
    public func digest(for block: UInt64) -> UInt64 { preconditionFailure() }
    /// 10.2; nil = not even the leaf is here. `remote`: what the channel's peer is known to have.
    public func proof(for block: UInt64, digest: UInt64, includeLeaf: Bool, remote: RemoteNodes) throws -> Proof? { preconditionFailure() }
    /// 10.4 verify-then-store. `value` nil = a hash answer. Throws .unverified when it is a lie.
    public func put(_ block: UInt64, value: [UInt8]?, proof: Proof) throws { preconditionFailure() }
    /// Run-length encoded data bits for a Want (11.2, 11.3).
    public func encodedBits(start: UInt64, length: UInt64) -> [UInt8] { preconditionFailure() }

    // -- events, called without any lock held, on the thread that caused them
    public enum Event: Sendable { case grew(length: UInt64), stored(Range<UInt64>), cleared(Range<UInt64>) }
    public func observe(_ observer: @escaping @Sendable (Event) -> Void) -> Observation { preconditionFailure() }
    public func stopObserving(_ observation: Observation) {}
    public struct Observation: Hashable, Sendable { let id: UInt64 }

    // -- network
    public var network: (any FeedNetwork)? { get { preconditionFailure() } set { preconditionFailure() } }
    /// Extension messages from peers, by name. Set before the feed is replicated.
    public func handleExtension(_ name: String, _ handler: @escaping @Sendable (PeerID, [UInt8]) -> Void) {}
    public var extensionNames: [String] { preconditionFailure() }
    public func receiveExtension(_ name: String, from peer: PeerID, payload: [UInt8]) {}
    /// Waits for a demand (completes at once when it is met locally; .noPeers without a network).
    public func fetch(_ demand: Demand) async throws { preconditionFailure() }
    /// Callback form, for who must not suspend. Calls back synchronously when it is met already.
    @discardableResult
    public func fetch(_ demand: Demand, completion: @escaping @Sendable (Result<Void, FeedError>) -> Void) -> DemandID? { preconditionFailure() }
    public func isMet(_ target: Demand.Target) -> Bool { preconditionFailure() }
}

/// An unfinished append (DESIGN.md section 5): blocks go to the files at once, the feed shows them at commit.
public final class FeedBatch {
    init() {}
    /// Index the next block will have.
    public var nextBlock: UInt64 { preconditionFailure() }
    public var nextByte: UInt64 { preconditionFailure() }
    public func append(_ block: [UInt8]) throws { preconditionFailure() }
    /// With the leaf hash made elsewhere (parallel import).
    public func append(_ block: UnsafeRawBufferPointer, leafHash: Bytes32) throws { preconditionFailure() }
    /// One signature, durable, visible, announced. Returns the first block's index.
    @discardableResult public func commit() throws -> UInt64 { preconditionFailure() }
    public func cancel() {}
}

/// A tree node (docs/spec/hypercore.md section 3).
public struct TreeNode: Sendable, Equatable {
    public var index: UInt64
    public var hash: Bytes32
    public var size: UInt64
    public init(index: UInt64, hash: Bytes32, size: UInt64) { self.index = index; self.hash = hash; self.size = size }
}

public struct Proof: Sendable, Equatable {
    public var nodes: [TreeNode]
    public var signature: [UInt8]?
    public init(nodes: [TreeNode], signature: [UInt8]?) { self.nodes = nodes; self.signature = signature }
}

/// Tree nodes that one channel's peer is known to have (10.2). Not shared between threads.
public final class RemoteNodes {
    public init() {}
}

/// The six files of a feed.
public enum FeedFile: String, Sendable, CaseIterable { case key, secretKey = "secret_key", tree, signatures, bitfield, data }

/// Where a feed's files live.
public protocol FeedStorage: Sendable {
    /// nil = does not exist and create is false.
    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)?
}

/// A file read and written at offsets. Safe to use from many threads.
public protocol RandomAccessFile: Sendable {
    /// Reads up to the buffer's size; fewer bytes only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws
    func size() throws -> UInt64
    func truncate(to size: UInt64) throws
    func punchHole(_ range: Range<UInt64>) throws
    func sync() throws
    func close() throws
}

public struct FolderStorage: FeedStorage {
    public init(folder: String) {}
    public func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? { preconditionFailure() }
}
public final class MemoryStorage: FeedStorage {
    public init() {}
    public func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? { preconditionFailure() }
}

/// Runs a local computation; fetches what it misses and runs it again, until it succeeds, fails or the time is over.
public func resolve<T>(priority: Demand.Priority = .foreground, timeout: Duration?, _ body: () throws -> sending T) async throws -> sending T { preconditionFailure() }
