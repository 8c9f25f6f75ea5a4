import Glibc
import Hyperdrive

/// `mkdir`: new folders.
public struct FolderMaking: Codable, Sendable {
    /// Absolute in the drive.
    public var paths: [String]
    /// Also the folders on the way; a folder that exists is no error.
    @Switch public var parents = false
    /// Permission bits; `nil`: 0755.
    public var mode: UInt32?

    /// Makes these.
    public init(_ paths: [String], parents: Bool = false, mode: UInt32? = nil) {
        self.paths = paths
        self.parents = parents
        self.mode = mode
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        var plan = EditPlan()
        var made: Set<String> = []
        for path in paths {
            let path = EditScene.trimmed(path)
            if parents {
                var missing: [String] = []
                var next = path
                while next != "/", !made.contains(next) {
                    if let entry = try scene.drive.entry(next) {
                        guard entry.stat.kind == .directory else { throw EditScene.notFolder(next) }
                        break
                    }
                    missing.append(next)
                    next = DrivePaths.parent(next)
                }
                for folder in missing.reversed() {
                    // As mkdir does: those on the way can always be written by their owner.
                    let mode = folder == path ? mode ?? 0o755 : 0o755
                    try make(folder, mode, scene, &plan)
                    made.insert(folder)
                }
                // Also what needs no change has to be ours.
                if missing.isEmpty { _ = try scene.place(DrivePaths.join(path, "x")) }
            } else {
                guard path != "/", try scene.drive.entry(path) == nil, !made.contains(path) else {
                    throw EditScene.exists(path, "choose another name, or use -p")
                }
                if !made.contains(DrivePaths.parent(path)) { try scene.requireParent(of: path) }
                try make(path, mode ?? 0o755, scene, &plan)
                made.insert(path)
            }
        }
        return plan
    }

    private func make(
        _ path: String, _ mode: UInt32, _ scene: EditScene, _ plan: inout EditPlan
    ) throws {
        let place = try scene.place(path)
        let stat = Stat.directory(mode: mode & 0o7777, mtime: WallTime.milliseconds)
        plan.add(.put(path: place.path, stat: stat), in: place.drive)
        plan.touchFolder(of: place.path, in: place.drive)
    }
}
