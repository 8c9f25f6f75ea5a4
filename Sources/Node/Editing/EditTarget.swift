import Glibc
import Hyperdrive

/// Where things go that are put, copied or moved, by the rules of cp and mv.
public struct EditTarget: Codable, Sendable, Equatable {
    /// Absolute in the drive; with a slash at its end it must be a folder.
    public var path: String
    /// It is what becomes of the source, also when it is a folder (`cp -T`).
    @Switch public var isExact = false

    /// A target.
    public init(_ path: String, isExact: Bool = false) {
        self.path = path
        self.isExact = isExact
    }

    /// The path of each source, by their names. A source without name is the root of a drive: its
    /// content goes into the target.
    func paths(
        of sources: [(name: String, isFolder: Bool)], in scene: EditScene
    ) throws -> [String] {
        let path = EditScene.trimmed(path)
        let entry = try scene.drive.entry(path)
        let isFolder = entry?.stat.kind == .directory
        if sources.count > 1, isExact {
            throw NodeError(
                .usage, "\(path): only one thing can become exactly that", hint: "leave out -T")
        }
        if sources.count > 1 || DrivePaths.meansFolder(self.path), !isFolder {
            let mayBecome =
                sources.count == 1 && entry == nil && sources.allSatisfy { $0.isFolder }
            guard mayBecome else {
                throw entry == nil ? EditScene.notFound(path) : EditScene.notFolder(path)
            }
        }
        if entry == nil { try scene.requireParent(of: path) }
        let goesInto = isFolder && !isExact
        return sources.map { goesInto ? DrivePaths.join(path, $0.name) : path }
    }

    /// Whether something may take the place of what is there; says why not.
    static func check(
        _ place: EditScene.Place, for isFolder: Bool, allowsFolder: Bool
    ) throws {
        guard let old = place.entry else { return }
        if old.stat.kind == .directory, !isFolder {
            throw NodeError(
                .failed, "\(place.shown): a file cannot take the place of a folder",
                hint: "choose another name, or remove the folder first", errno: EISDIR)
        }
        if old.stat.kind != .directory, isFolder {
            throw NodeError(
                .failed, "\(place.shown): a folder cannot take the place of a file",
                hint: "choose another name, or remove the file first", errno: ENOTDIR)
        }
        if isFolder, !allowsFolder {
            guard place.shown != "/", old.mount == nil else {
                throw NodeError(
                    .failed, "\(place.shown): in use as a drive", hint: "choose another name",
                    errno: EBUSY)
            }
            guard try place.drive.list(place.path).isEmpty else {
                throw NodeError(
                    .failed, "\(place.shown): the folder is not empty",
                    hint: "choose another name, or remove the folder first", errno: ENOTEMPTY)
            }
        }
    }
}
