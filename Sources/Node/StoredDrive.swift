import Corestore
import HyperCrypto
import Hypercore
import Hyperdrive

/// The drives that a store knows, without its lock and without changing a byte.
public struct StoredDrive: Sendable {
    /// The drive's key.
    public let key: PublicKey
    /// What this store calls it.
    public let name: String?
    /// The folder that is shared as this drive.
    public let folder: String?
    /// The newest version known here.
    public let version: UInt64
    /// Whether this store can change it.
    public let isWritable: Bool
    /// Bytes of the content that are stored here.
    public let cachedBytes: UInt64

    /// Names first, then by key. A store that does not exist has none.
    public static func list(in folder: String) throws -> [StoredDrive] {
        guard StoreAccess.exists(folder) else { return [] }
        let registry = try Registry(store: folder)
        let store = try StoreAccess.open(folder, readOnly: true)
        defer { try? store.close() }
        do {
            let drives = try store.storedKeys().compactMap { try drive($0, store, registry) }
            return drives.sorted { ($0.sortName, $0.key.hex) < ($1.sortName, $1.key.hex) }
        } catch {
            throw NodeError(error, while: "listing the store \(folder)")
        }
    }

    /// nil for feeds that are no drive: contents, and others.
    private static func drive(
        _ key: PublicKey, _ store: Store, _ registry: Registry
    ) throws -> StoredDrive? {
        guard let drive = try? Drive(store: store, key: key) else { return nil }
        let content = try? drive.content()
        let isKnown = registry.name(of: key) != nil || registry.folder(of: key) != nil
        guard content != nil || isKnown else { return nil }
        return StoredDrive(
            key: key, name: registry.name(of: key), folder: registry.folder(of: key),
            version: drive.version, isWritable: drive.isOwn,
            cachedBytes: content?.localBytes ?? 0)
    }

    private var sortName: String { name ?? "\u{10FFFF}" }

    /// Its name, else its folder.
    public var shownName: String { name ?? folder ?? "" }

    /// The line of `hyperfs drives --json`.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "key", value: .string(key.hex)),
            .init(name: "url", value: .string("hyper://\(key.hex)")),
            .init(name: "version", value: .number(version)),
            .init(name: "writable", value: .bool(isWritable)),
            .init(name: "cachedBytes", value: .number(cachedBytes)),
        ]
        if let name { members.append(.init(name: "name", value: .string(name))) }
        if let folder { members.append(.init(name: "path", value: .string(folder))) }
        return .object(members)
    }
}
