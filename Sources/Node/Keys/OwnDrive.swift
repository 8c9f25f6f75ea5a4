import Corestore
import HyperCrypto
import Hyperdrive

/// A drive that a store can change, and its right to do so. Reads in place: no lock, no change.
public struct OwnDrive: Sendable {
    /// Where the right comes from.
    public enum Kind: String, Sendable {
        /// Derived from the store's master key.
        case derived
        /// Kept in the drive's own folder, as after an import.
        case stored
    }

    /// The drive's key.
    public let key: PublicKey
    /// What this store calls it.
    public let name: String?
    /// Where the right comes from.
    public let kind: Kind
    /// The newest version.
    public let version: UInt64

    /// All of a store, names first.
    public static func list(in folder: String) throws -> [OwnDrive] {
        let drives = try StoredDrive.list(in: folder).filter(\.isWritable)
        guard !drives.isEmpty else { return [] }
        let store = try StoreAccess.open(folder, readOnly: true)
        defer { try? store.close() }
        return drives.map {
            OwnDrive(
                key: $0.key, name: $0.name,
                kind: store.keepsSecret(of: $0.key) ? .stored : .derived, version: $0.version)
        }
    }

    /// The line of `hyperfs key list --json`.
    public var json: JSONValue {
        [
            "key": .string(key.hex), "name": name.map { .string($0) } ?? .null,
            "kind": .string(kind.rawValue), "version": .number(version),
        ]
    }

    /// The right to write a drive, to be kept elsewhere. Throws `.notWritable` for a foreign one.
    public static func export(_ reference: DriveReference, from folder: String) throws -> KeyFile {
        guard reference.path == "/", reference.version == nil else {
            throw NodeError(
                .usage, "'\(reference)' is more than a drive",
                hint: "keys are those of whole drives")
        }
        let key = try reference.key(store: folder)
        let foreign = NodeError(
            .notWritable, "drive \(key.hex) is not ours: its write key is not in this store",
            hint: "'hyperfs key list' lists the drives that are")
        guard StoreAccess.exists(folder) else { throw foreign }
        let store = try StoreAccess.open(folder, readOnly: true)
        defer { try? store.close() }
        do {
            guard let metadata = try store.keyPair(of: key) else { throw foreign }
            let drive = try Drive(store: store, key: key)
            let feed = try drive.content()
            guard let content = try store.keyPair(of: feed.key) else { throw foreign }
            return KeyFile(
                name: try Registry(store: folder).name(of: key), metadata: metadata,
                content: content, version: drive.metadata.length, blocks: feed.length)
        } catch {
            throw NodeError(error, while: "exporting \(reference)")
        }
    }
}
