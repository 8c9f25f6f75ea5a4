import Foundation
import HyperCrypto
import WireMessages

/// Where a mount leads: the value of the hidden key `mounts/PATH`
/// (docs/spec/mountable-hypertrie.md section 2).
public struct MountRecord: Sendable, Equatable {
    /// The mounted feed.
    public var key: PublicKey
    /// The mount's path in the trie that holds the record.
    public var localPath: String
    /// The version that is shown; `nil`: live.
    public var version: UInt64?

    /// First component of the hidden keys.
    static let folder = "mounts"
    /// User flag of both nodes of a mount.
    static let userFlag: UInt64 = 1

    /// A mount of a feed, live or pinned to a version of at least 1.
    public init(key: PublicKey, localPath: String, version: UInt64? = nil) {
        self.key = key
        self.localPath = localPath
        self.version = version
    }

    /// Decodes the value of the hidden key of a mount at a path; throws `corrupt` when it is of
    /// another path or names no feed.
    public init(decoding value: [UInt8], at localPath: String) throws(TrieError) {
        let fault = TrieError(
            .corrupt, "the mount at \(localPath) is damaged; its owner has to mount it again")
        guard value.count <= SpecLimits.mountRecordBytesMax,
            let message = try? Trie_MountRecord(serializedBytes: value),
            let key = PublicKey(message.key), message.version <= SpecLimits.numberMax,
            message.localPath.utf8.elementsEqual(localPath.utf8)
        else { throw fault }
        self.init(
            key: key, localPath: message.localPath,
            version: message.version == 0 ? nil : message.version)
    }

    /// The value of the hidden key. A sub-path of the mounted trie is never written: no
    /// implementation reads it right.
    public func encoded() throws -> [UInt8] {
        var message = Trie_MountRecord()
        message.key = Data(key.raw.bytes)
        message.localPath = localPath
        if let version { message.version = version }
        return try message.serializedBytes()
    }
}

extension [TrieOperation] {
    /// The two puts, hidden then visible, that mount a feed; they belong into one batch.
    ///
    /// - Parameter value: of the visible entry; Hyperdrive stores a Stat.
    public static func mount(
        _ record: MountRecord, value: [UInt8]
    ) throws -> [TrieOperation] {
        let path = try MountPath.normalized(record.localPath)
        guard !path.isEmpty, record.version.map({ 1...SpecLimits.numberMax ~= $0 }) ?? true else {
            throw TrieError(.badKey, "a mount needs a path below the root and a version above 0")
        }
        let stored = MountRecord(key: record.key, localPath: path, version: record.version)
        return [
            .put(
                key: MountRecord.folder + "/" + path, value: try stored.encoded(), hidden: true,
                flags: MountRecord.userFlag),
            .put(key: path, value: value, flags: MountRecord.userFlag),
        ]
    }

    /// The two deletes that take a mount away; they belong into one batch.
    public static func unmount(_ path: String) throws -> [TrieOperation] {
        let path = try MountPath.normalized(path)
        return [
            .delete(key: MountRecord.folder + "/" + path, hidden: true), .delete(key: path),
        ]
    }
}
