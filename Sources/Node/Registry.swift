import Foundation
import HyperCrypto
import Synchronization

/// What a store remembers beside its feeds: drive names and shared folders. Two small JSON files
/// in `<store>/hyperfs/`, replaced as a whole, so that a crash leaves the old or the new.
public final class Registry: Sendable {
    /// A folder that has become a drive.
    public struct SharedFolder: Codable, Sendable, Equatable {
        /// Absolute, symlinks resolved.
        public var folder: String
        /// The drive's key in hexadecimal digits.
        public var key: String
    }

    /// A drive with a name.
    public struct NamedDrive: Codable, Sendable, Equatable {
        /// Unique in the store.
        public var name: String
        /// The drive's key in hexadecimal digits.
        public var key: String
    }

    private struct Content: Sendable {
        var shares: [SharedFolder] = []
        var drives: [NamedDrive] = []
    }

    private let folder: String
    private let content: Mutex<Content>

    /// Reads what is there. Throws when it cannot be read or is not ours.
    public init(store folder: String) throws {
        self.folder = folder + "/hyperfs"
        var content = Content()
        content.shares = try Self.read(self.folder + "/shares.json") ?? []
        content.drives = try Self.read(self.folder + "/drives.json") ?? []
        self.content = Mutex(content)
    }

    /// Every shared folder.
    public var shares: [SharedFolder] { content.withLock { $0.shares } }
    /// Every named drive.
    public var drives: [NamedDrive] { content.withLock { $0.drives } }

    /// The drive of a folder.
    public func share(of folder: String) -> PublicKey? {
        shares.first { $0.folder == folder }.flatMap { PublicKey(hex: $0.key) }
    }

    /// The drive of a name.
    public func drive(named name: String) -> PublicKey? {
        drives.first { $0.name == name }.flatMap { PublicKey(hex: $0.key) }
    }

    /// The name of a drive.
    public func name(of key: PublicKey) -> String? {
        drives.first { $0.key == key.hex }?.name
    }

    /// The shared folder of a drive.
    public func folder(of key: PublicKey) -> String? {
        shares.first { $0.key == key.hex }?.folder
    }

    /// Remembers for good that the folder is this drive.
    public func remember(folder path: String, as key: PublicKey) throws {
        try content.withLock { content in
            content.shares.removeAll { $0.folder == path }
            content.shares.append(SharedFolder(folder: path, key: key.hex))
            try write(content.shares, "shares.json")
        }
    }

    /// Remembers a drive's name. Throws `.usage` when the name is another drive's.
    public func remember(name: String, of key: PublicKey) throws {
        try content.withLock { content in
            if let other = content.drives.first(where: { $0.name == name }) {
                if other.key == key.hex { return }
                throw NodeError(
                    .usage, "the name '\(name)' belongs to drive \(other.key)",
                    hint: "choose another with --name")
            }
            content.drives.removeAll { $0.key == key.hex }
            content.drives.append(NamedDrive(name: name, key: key.hex))
            try write(content.drives, "drives.json")
        }
    }

    private static func read<T: Decodable>(_ path: String) throws -> [T]? {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            guard access(path, F_OK) == 0 else { return nil }
            throw NodeError.system("cannot read \(path)")
        }
        let data = try handle.read(upToCount: Limits.registryBytesMax + 1) ?? Data()
        let list =
            data.count <= Limits.registryBytesMax
            ? try? JSONDecoder().decode([T].self, from: data) : nil
        guard let list else {
            throw NodeError(
                .corrupt, "\(path) is damaged",
                hint: "restore it from a backup, or move it away: drives stay, names are lost")
        }
        return list
    }

    private func write(_ list: some Encodable, _ name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(list)
        try DurableFile.replace(folder + "/" + name, with: [UInt8](data))
    }
}
