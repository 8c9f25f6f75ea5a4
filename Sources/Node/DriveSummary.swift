import HyperCrypto
import Hypercore
import Hyperdrive

/// A drive as a whole (CLI.md section 4, `info`).
public struct DriveSummary: Sendable {
    /// The drive's key: that of its metadata.
    public let key: PublicKey
    /// The key of its content feed.
    public let contentKey: PublicKey
    /// The newest version known here, or the one asked for.
    public let version: UInt64
    /// Whether this store can change it.
    public let isWritable: Bool
    /// Blocks of the metadata feed.
    public let metadataBlocks: UInt64
    /// Blocks of the content feed, stored here or not.
    public let contentBlocks: UInt64
    /// Bytes of the content feed, stored here or not.
    public let contentBytes: UInt64
    /// Bytes of the content that are stored here.
    public let cachedBytes: UInt64

    /// Throws MissingBlocks until the drive's header is here.
    public init(_ drive: Drive) throws {
        let content = try drive.content()
        key = drive.key
        contentKey = content.key
        version = drive.version
        isWritable = drive.isOwn
        metadataBlocks = drive.metadata.length
        contentBlocks = content.length
        contentBytes = content.byteLength
        cachedBytes = content.localBytes
    }

    /// The line of `hyperfs info --json`.
    public func json(peers: Int) -> JSONValue {
        [
            "key": .string(key.hex), "contentKey": .string(contentKey.hex),
            "discoveryKey": .string(key.discoveryKey.hex), "version": .number(version),
            "writable": .bool(isWritable), "metadataBlocks": .number(metadataBlocks),
            "contentBlocks": .number(contentBlocks), "contentBytes": .number(contentBytes),
            "cachedBytes": .number(cachedBytes), "peers": .number(UInt64(peers)),
        ]
    }
}

extension Drive {
    /// Whether this store can change the drive, however the store was opened just now.
    var isOwn: Bool {
        if isWritable { return true }
        guard store.isReadOnly, checkoutVersion == nil, store.owns(key) else { return false }
        return (try? content()).map { store.owns($0.key) } ?? false
    }
}
