import Glibc
import Hyperdrive

/// `mv`: files and folders get another place. Within a drive that is one change of it, however
/// much is moved; between own drives the bytes are copied, and the source goes when they are safe.
public struct Moving: Codable, Sendable {
    /// What is moved.
    public var sources: [EditSource]
    /// Where it goes.
    public var target: EditTarget
    /// What exists is left as it is, and so is its source.
    @Switch public var noClobber = false

    /// Moves these.
    public init(_ sources: [EditSource], to target: EditTarget) {
        self.sources = sources
        self.target = target
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        let found = try sources.map { try Copying.Found($0, scene) }
        let paths = try target.paths(
            of: found.map { ($0.name, $0.entry.stat.kind == .directory) }, in: scene)
        var plan = EditPlan()
        var taken: Set<String> = []
        for (source, path) in zip(found, paths) {
            guard source.path != "/" else { throw EditScene.isRoot("moved") }
            guard taken.insert(path).inserted else {
                throw EditScene.exists(path, "two of the sources have the same name")
            }
            if noClobber, try scene.drive.entry(path) != nil { continue }
            try source.requireElsewhere(path, scene)
            let origin = try EditScene(drive: source.drive, registry: scene.registry)
                .existing(source.path)
            try move(source, from: origin, to: path, scene, &plan)
        }
        return plan
    }

    private func move(
        _ source: Copying.Found, from origin: EditScene.Place, to path: String, _ scene: EditScene,
        _ plan: inout EditPlan
    ) throws {
        let place = try scene.place(path)
        let isFolder = source.entry.stat.kind == .directory
        try EditTarget.check(place, for: isFolder, allowsFolder: false)
        if place.drive.key == origin.drive.key, place.path == origin.path {
            throw NodeError(
                .failed, "\(source.path) and \(path) are the same", hint: "choose another name")
        }
        let isTree = isFolder && source.entry.mount == nil
        add(source.entry, to: place, &plan)
        if isTree {
            try origin.drive.walk(origin.path).forEach { inner in
                try EditPlan.check(plan.count, source.path)
                let path = DrivePaths.moved(inner.path, from: origin.path, to: place.shown)
                add(inner, to: place.below(path, scene), &plan)
            }
        }
        plan.touchFolder(of: place.path, in: place.drive)
        guard place.drive.key != origin.drive.key else { return try plan.removeTree(origin) }
        // What is in another drive goes after what came of it is safe.
        try plan.removeLater(origin)
    }

    private func add(_ entry: Entry, to place: EditScene.Place, _ plan: inout EditPlan) {
        var stat = entry.stat
        stat.ctime = WallTime.milliseconds
        plan.addCopy(of: entry, to: place, stat: stat)
    }
}
