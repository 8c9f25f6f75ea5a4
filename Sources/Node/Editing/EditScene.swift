import Corestore
import Glibc
import HyperCrypto
import Hyperdrive

/// The drives of a store as those see them who plan a change: everything here looks, nothing
/// changes. Missing blocks are thrown as `MissingBlocks`; the plan is made again once they came.
struct EditScene: Sendable {
    /// The drive that is changed.
    let drive: Drive
    let registry: Registry

    /// A place in an own drive: what is there, and where it really lies.
    struct Place: Sendable {
        /// The drive that holds it.
        let drive: Drive
        /// The path in that drive.
        let path: String
        /// The path as it was asked for.
        let shown: String
        let entry: Entry?

        var isFolder: Bool { entry?.stat.kind == .directory }
    }

    /// What is at a path that will be changed. Throws `.notWritable`, `.usage`.
    func place(_ path: String) throws -> Place {
        let path = Self.trimmed(path)
        let found = try drive.place(of: path)
        try requireWritable(found.drive, path)
        return Place(
            drive: found.drive, path: found.path, shown: path,
            entry: try found.drive.entry(found.path))
    }

    /// The same for what has to be there.
    func existing(_ path: String) throws -> Place {
        let place = try place(path)
        guard place.entry != nil else { throw Self.notFound(path) }
        return place
    }

    /// The folder that a new entry goes into has to be there.
    func requireParent(of path: String) throws {
        let parent = DrivePaths.parent(Self.trimmed(path))
        guard parent != "/" else { return }
        guard let entry = try drive.entry(parent) else {
            throw NodeError(
                .notFound, "\(parent): not in the drive",
                hint: "make the folder first: 'hyperfs mkdir -p'")
        }
        guard entry.stat.kind == .directory else { throw Self.notFolder(parent) }
    }

    /// Throws unless a drive may be changed by commands.
    func requireWritable(_ drive: Drive, _ path: String) throws {
        if let folder = registry.folder(of: drive.key) {
            throw NodeError(
                .notWritable, "\(path): this drive is kept like \(folder)",
                hint: "change the files in that folder: 'hyperfs share' brings them over")
        }
        guard drive.isWritable else {
            let reason =
                drive.checkoutVersion == nil
                ? "drive \(drive.key.hex) is somebody else's" : "an old version cannot be changed"
            throw NodeError(
                .notWritable, "\(path): \(reason)",
                hint: "only the store that made a drive changes it; "
                    + "'hyperfs cp' copies into a drive of your own")
        }
    }

    /// Another drive of the store, or the one that is changed.
    func open(_ source: EditSource) throws -> Drive {
        guard let digits = source.drive else {
            return try source.version.map(drive.checkout) ?? drive
        }
        guard let key = PublicKey(hex: digits) else {
            throw NodeError(.usage, "'\(digits)' is not a key", hint: "a key has 64 digits")
        }
        if key == drive.key, source.version == nil { return drive }
        return try Drive(store: drive.store, key: key, version: source.version)
    }

    /// Without slashes at the end.
    static func trimmed(_ path: String) -> String {
        var rest = Substring(path).utf8
        while rest.count > 1, rest.last == UInt8(ascii: "/") { rest.removeLast() }
        return String(Substring(rest))
    }
}

/// What people did not mean.
extension EditScene {
    static func notFound(_ path: String) -> NodeError {
        NodeError(
            .notFound, "\(path): not in the drive", hint: "'hyperfs ls' shows what is there")
    }

    static func notFolder(_ path: String) -> NodeError {
        NodeError(
            .failed, "\(path): not a folder", hint: "name a folder", errno: ENOTDIR)
    }

    static func isFolder(_ path: String, _ hint: String) -> NodeError {
        NodeError(.failed, "\(path): is a folder", hint: hint, errno: EISDIR)
    }

    static func exists(_ path: String, _ hint: String) -> NodeError {
        NodeError(.failed, "\(path): exists", hint: hint, errno: EEXIST)
    }

    static func isRoot(_ what: String) -> NodeError {
        NodeError(
            .usage, "the root of a drive cannot be \(what)", hint: "name what is in it")
    }
}
