import Hyperdrive

/// `rm`: entries of a drive go; its old versions keep them.
public struct Removal: Codable, Sendable {
    /// Also folders, with all that is in them. Nested drives are taken away, not emptied.
    @Switch public var recursive = false
    /// What is not there is no error.
    @Switch public var force = false
    /// Absolute in the drive.
    public var paths: [String]

    /// Removes these.
    public init(_ paths: [String], recursive: Bool = false, force: Bool = false) {
        self.paths = paths
        self.recursive = recursive
        self.force = force
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        var plan = EditPlan()
        var done: Set<String> = []
        for path in paths {
            let place = try scene.place(path)
            guard place.shown != "/" else { throw EditScene.isRoot("removed") }
            guard let entry = place.entry else {
                if force { continue }
                throw EditScene.notFound(path)
            }
            guard done.insert(place.shown).inserted else { continue }
            if DrivePaths.meansFolder(path), entry.stat.kind != .directory {
                throw EditScene.notFolder(path)
            }
            guard entry.stat.kind == .directory else {
                plan.remove(entry, at: place)
                continue
            }
            if entry.mount != nil, !recursive {
                throw EditScene.isFolder(
                    place.shown, "a drive is nested there: 'hyperfs unlink' takes it away")
            }
            guard recursive else {
                throw EditScene.isFolder(place.shown, "use -r to remove it with all that is in it")
            }
            try plan.removeTree(place)
        }
        return plan
    }
}

extension EditPlan {
    /// One entry goes.
    mutating func remove(_ entry: Entry, at place: EditScene.Place) {
        add(.delete(path: place.path), in: place.drive)
        touchFolder(of: place.path, in: place.drive)
    }

    /// A place and everything below it goes; a folder after what is in it.
    mutating func removeTree(_ place: EditScene.Place) throws {
        guard let entry = place.entry else { return }
        if entry.mount == nil, entry.stat.kind == .directory {
            var paths: [String] = []
            try place.drive.walk(place.path).forEach { inner in
                try Self.check(count + paths.count, place.shown)
                paths.append(inner.path)
            }
            for path in paths.reversed() { add(.delete(path: path), in: place.drive) }
        }
        remove(entry, at: place)
    }
}
