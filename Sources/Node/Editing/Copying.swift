import Glibc
import Hyperdrive

/// `cp`: files and folders get another place, too. Within a drive, its old versions included,
/// that is a new entry for the same blocks; from other drives the bytes are copied.
///
/// Links are copied as links, and nested drives are nested there, too.
public struct Copying: Codable, Sendable {
    /// What is copied.
    public var sources: [EditSource]
    /// Where it goes.
    public var target: EditTarget
    /// Also folders.
    @Switch public var recursive = false
    /// Keeps times, set-id bits and extended attributes.
    @Switch public var preserve = false
    /// What exists is left as it is.
    @Switch public var noClobber = false

    /// Copies these.
    public init(_ sources: [EditSource], to target: EditTarget) {
        self.sources = sources
        self.target = target
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        let found = try sources.map { try Found($0, scene) }
        for source in found where source.entry.stat.kind == .directory && !recursive {
            throw EditScene.isFolder(source.path, "use -r to copy it with all that is in it")
        }
        let paths = try target.paths(
            of: found.map { ($0.name, $0.entry.stat.kind == .directory) }, in: scene)
        var plan = EditPlan()
        var taken: Set<String> = []
        for (source, path) in zip(found, paths) {
            guard taken.insert(path).inserted || source.name.isEmpty else {
                throw EditScene.exists(path, "two of the sources have the same name")
            }
            try source.requireElsewhere(path, scene)
            try copy(source, to: path, scene, &plan)
        }
        return plan
    }

    private func copy(
        _ source: Found, to path: String, _ scene: EditScene, _ plan: inout EditPlan
    ) throws {
        let place = try scene.place(path)
        let isFolder = source.entry.stat.kind == .directory
        try EditTarget.check(place, for: isFolder, allowsFolder: source.entry.mount == nil)
        if place.entry != nil, noClobber, !isFolder { return }
        if place.entry == nil { plan.touchFolder(of: place.path, in: place.drive) }
        if place.shown != "/", place.entry == nil || !isFolder {
            add(source.entry, to: place, &plan)
        }
        guard isFolder, source.entry.mount == nil else { return }
        let isNew = place.entry == nil
        try source.drive.walk(source.path).forEach { inner in
            try EditPlan.check(plan.count, source.path)
            let path = DrivePaths.moved(inner.path, from: source.path, to: place.shown)
            let target = isNew ? place.below(path, scene) : try scene.place(path)
            let isFolder = inner.stat.kind == .directory
            try EditTarget.check(target, for: isFolder, allowsFolder: inner.mount == nil)
            if target.entry != nil, isFolder || noClobber { return }
            add(inner, to: target, &plan)
        }
    }

    private func add(_ entry: Entry, to place: EditScene.Place, _ plan: inout EditPlan) {
        plan.addCopy(
            of: entry, to: place,
            stat: EditPlan.copied(
                entry.stat, preserve: preserve, isOwn: entry.drive.metadata.isWritable))
    }
}

extension Copying {
    /// A source that is there.
    struct Found {
        let drive: Drive
        let path: String
        let entry: Entry
        let name: String

        init(_ source: EditSource, _ scene: EditScene) throws {
            drive = try scene.open(source)
            path = EditScene.trimmed(source.path)
            guard let entry = try drive.entry(path) else { throw EditScene.notFound(path) }
            if DrivePaths.meansFolder(source.path), entry.stat.kind != .directory {
                throw EditScene.notFolder(path)
            }
            guard entry.stat.kind != .other else {
                throw NodeError(
                    .failed, "\(path): neither file, folder nor link", hint: "leave it out")
            }
            self.entry = entry
            name = DrivePaths.name(path)
        }

        /// A folder does not go into itself, and nothing onto itself.
        func requireElsewhere(_ target: String, _ scene: EditScene) throws {
            guard drive.key == scene.drive.key, drive.checkoutVersion == nil else { return }
            if target == path {
                throw NodeError(
                    .failed, "\(path) and \(target) are the same", hint: "choose another name")
            }
            if entry.stat.kind == .directory, DrivePaths.isBelow(target, path) {
                throw NodeError(
                    .failed, "\(path): a folder cannot go into itself",
                    hint: "choose another place", errno: EINVAL)
            }
        }
    }
}

extension EditScene.Place {
    /// A place in a folder that is not there yet: so nothing is at it.
    func below(_ shown: String, _ scene: EditScene) -> EditScene.Place {
        EditScene.Place(
            drive: drive, path: DrivePaths.moved(shown, from: self.shown, to: path), shown: shown,
            entry: nil)
    }
}

extension EditPlan {
    /// An entry like another one. Its blocks are those of the other, where they are in reach of
    /// the drive, else a job.
    mutating func addCopy(of entry: Entry, to place: EditScene.Place, stat: Stat) {
        if let mount = entry.mount {
            add(
                .mount(path: place.path, key: mount.key, version: mount.version, stat: stat),
                in: place.drive)
        } else if entry.stat.kind != .file || entry.drive.key == place.drive.key
            || entry.stat.size == 0
        {
            add(.put(path: place.path, stat: stat), in: place.drive)
        } else {
            jobs.append(
                CopyJob(source: entry, drive: place.drive, path: place.path, stat: stat))
        }
    }

    /// The description of a copy.
    static func copied(_ stat: Stat, preserve: Bool, isOwn: Bool) -> Stat {
        var stat = stat
        let now = WallTime.milliseconds
        stat.ctime = now
        if !preserve {
            stat.mtime = now
            stat.mode &= S_IFMT | 0o777
            stat.attributes = []
        }
        if !isOwn {
            // Somebody else's idea of owners and privileges means nothing here.
            stat.mode &= S_IFMT | 0o1777
            stat.uid = 0
            stat.gid = 0
        }
        return stat
    }
}
