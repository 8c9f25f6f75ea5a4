import Hypercore
import Hyperdrive

/// `restore`: a file or folder becomes what it was at a version. No bytes move: the entries are
/// written anew, for the blocks of then.
public struct Restoring: Codable, Sendable {
    /// What comes back; `/`: everything.
    public var path: String
    /// The version to go back to.
    public var version: UInt64

    /// Brings a path back.
    public init(_ path: String, version: UInt64) {
        self.path = path
        self.version = version
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        let place = try scene.place(path)
        try requireSameDrive(place, scene)
        let drive = place.drive
        guard (1...drive.version).contains(version) else {
            throw NodeError(
                .usage, "there is no version \(version); the newest is \(drive.version)",
                hint: "'hyperfs log' lists the versions")
        }
        let old = try drive.checkout(version)
        guard try place.path == "/" || old.entry(place.path) != nil else {
            throw NodeError(
                .notFound, "\(place.shown): was not there at version \(version)",
                hint: "'hyperfs log' shows when it was")
        }
        var plan = EditPlan()
        try bringParents(of: place, from: old, &plan)
        let changes = try drive.changes(from: version, to: drive.version).filter {
            $0.path == place.path || DrivePaths.isBelow($0.path, place.path)
        }
        // What goes first makes room: a folder may have been a file.
        for change in changes.reversed() where change.kind == .added {
            plan.add(.delete(path: change.path), in: drive)
        }
        // One look at everything costs less than many at one entry each.
        let isMuch = changes.count >= Limits.restoredByWalk
        var entries: [String: Entry] = [:]
        if isMuch {
            let wanted = Set(changes.map(\.path))
            try old.walk(place.path).forEach { entry in
                if wanted.contains(entry.path) { entries[entry.path] = entry }
            }
        }
        for change in changes where change.kind != .added {
            guard let entry = try entries[change.path] ?? old.entry(change.path) else { continue }
            try bring(change, entry, in: drive, &plan)
        }
        if plan.count > 0, place.path != "/" { plan.touchFolder(of: place.path, in: drive) }
        return plan
    }

    /// The version is that of the drive that was named.
    private func requireSameDrive(_ place: EditScene.Place, _ scene: EditScene) throws {
        guard place.drive.key != scene.drive.key else { return }
        throw NodeError(
            .usage, "\(place.shown): lies in a nested drive, which has versions of its own",
            hint: "restore \(place.drive.key.hex)\(place.path) --version N")
    }

    /// Folders on the way that are gone come back, too.
    private func bringParents(
        of place: EditScene.Place, from old: Drive, _ plan: inout EditPlan
    ) throws {
        var missing: [String] = []
        var parent = DrivePaths.parent(place.path)
        while parent != "/" {
            if let entry = try place.drive.entry(parent) {
                guard entry.stat.kind == .directory else { throw EditScene.notFolder(parent) }
                break
            }
            missing.append(parent)
            parent = DrivePaths.parent(parent)
        }
        for path in missing.reversed() {
            guard let entry = try old.entry(path), !entry.isImplicit else { continue }
            plan.add(.put(path: path, stat: entry.stat), in: place.drive)
            plan.touchFolder(of: path, in: place.drive)
        }
    }

    private func bring(
        _ change: Drive.Change, _ entry: Entry, in drive: Drive, _ plan: inout EditPlan
    ) throws {
        guard !entry.isImplicit else { return }
        let now = change.kind == .removed ? nil : try drive.entry(change.path)
        if let mount = entry.mount {
            plan.add(
                .mount(
                    path: change.path, key: mount.key, version: mount.version, stat: entry.stat),
                in: drive)
            return
        }
        if now?.mount != nil { plan.add(.unmount(path: change.path), in: drive) }
        plan.add(.put(path: change.path, stat: entry.stat), in: drive)
    }
}
