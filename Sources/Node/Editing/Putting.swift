import Glibc
import Hyperdrive

/// `put`: local files and folders are copied in.
///
/// One folder: its content goes into the target, which is made if need be, as `get` does it the
/// other way round. A file becomes the target, or goes into it when that is a folder. Several
/// sources go into a folder, each under its name.
public struct Putting: Codable, Sendable {
    /// Absolute paths on this machine; links are followed here.
    public var sources: [String]
    /// Where they go.
    public var target: EditTarget

    /// Copies these in.
    public init(_ sources: [String], to target: EditTarget) {
        self.sources = sources
        self.target = target
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        let kinds = try sources.map { try Self.isFolder($0) }
        var paths: [String]
        if sources.count == 1, kinds[0] {
            let path = EditScene.trimmed(target.path)
            if try scene.drive.entry(path) == nil { try scene.requireParent(of: path) }
            paths = [path]
        } else {
            let names = sources.map { DrivePaths.name(EditScene.trimmed($0)) }
            paths = try target.paths(of: Array(zip(names, kinds)), in: scene)
        }
        var plan = EditPlan()
        for (index, source) in sources.enumerated() {
            let path = paths[index]
            guard !paths[..<index].contains(path) else {
                throw EditScene.exists(path, "two of the sources have the same name")
            }
            let place = try inside(scene.place(path), kinds[index], scene)
            try EditTarget.check(place, for: kinds[index], allowsFolder: true)
            plan.addImport(CopyIn.Item(local: source, path: place.path), in: place.drive)
            if place.entry == nil { plan.touchFolder(of: place.path, in: place.drive) }
        }
        return plan
    }

    /// A folder that is put where a drive is nested goes into that drive.
    private func inside(
        _ place: EditScene.Place, _ isFolder: Bool, _ scene: EditScene
    ) throws -> EditScene.Place {
        guard isFolder, place.entry?.mount != nil else { return place }
        let (drive, path) = try scene.drive.place(of: DrivePaths.join(place.shown, "x"))
        try scene.requireWritable(drive, place.shown)
        let root = DrivePaths.parent(path)
        return EditScene.Place(
            drive: drive, path: root, shown: place.shown, entry: try drive.entry(root))
    }

    private static func isFolder(_ path: String) throws -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw NodeError.system("cannot read \(path)") }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return true
        case S_IFREG: return false
        default:
            throw NodeError(
                .failed, "cannot put \(path): neither a file nor a folder",
                hint: "name a file or a folder")
        }
    }
}
