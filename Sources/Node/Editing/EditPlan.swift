import Glibc
import Hyperdrive

/// What a command will change, drive by drive; nothing is changed before `apply`.
struct EditPlan: Sendable {
    private struct Part: Sendable {
        let drive: Drive
        /// The version that was looked at.
        let version: UInt64
        var edits: [Drive.Edit] = []
        /// Paths that will be gone, and those that are put: their folders need no new time.
        var written: Set<String> = []
        /// Folders something was added to or removed from.
        var touched: Set<String> = []
    }

    private var parts: [Part] = []
    /// Files whose bytes are copied behind the changes of this plan.
    var jobs: [CopyJob] = []
    /// Local files and folders that are copied in, by drive.
    private(set) var imports: [(drive: Drive, items: [CopyIn.Item])] = []
    /// What is done when those are safe; at most one.
    private(set) var later: [EditPlan] = []

    /// Entries that change, without the new times of their folders.
    var count: Int { parts.reduce(jobs.count) { $0 + $1.edits.count } }

    /// A plan is in memory as a whole, and a drive of somebody else may have entries without end.
    static func check(_ count: Int, _ path: String) throws(NodeError) {
        guard count >= Limits.plannedEdits else { return }
        throw NodeError(
            .failed, "\(path): more than \(Limits.plannedEdits) entries cannot change at once",
            hint: "take the folders in it one by one", errno: EFBIG)
    }

    /// Adds a change of a drive, the path as that drive has it.
    mutating func add(_ edit: Drive.Edit, in drive: Drive) {
        let index = part(drive)
        parts[index].edits.append(edit)
        parts[index].written.insert(edit.path)
    }

    /// A name was added to the folder of a path, or taken from it.
    mutating func touchFolder(of path: String, in drive: Drive) {
        parts[part(drive)].touched.insert(DrivePaths.parent(path))
    }

    /// Something local is copied in.
    mutating func addImport(_ item: CopyIn.Item, in drive: Drive) {
        if let index = imports.firstIndex(where: { $0.drive.key == drive.key }) {
            imports[index].items.append(item)
        } else {
            imports.append((drive, [item]))
        }
    }

    /// A place goes, with all below it, once everything else is done.
    mutating func removeLater(_ place: EditScene.Place) throws {
        if later.isEmpty { later.append(EditPlan()) }
        try later[0].removeTree(place)
    }

    /// What remains to be done for the folders: their new times, the root's last.
    func touches() throws -> [(drive: Drive, edits: [Drive.Edit])] {
        try parts.map { part in
            let folders = part.touched.subtracting(part.written)
            var edits: [Drive.Edit] = []
            for path in folders.sorted(by: >) where !Self.isGone(path, part.written) {
                guard let entry = try part.drive.entry(path), entry.stat.kind == .directory,
                    entry.mount == nil
                else { continue }
                edits.append(Self.touch(path, entry.stat))
            }
            return (part.drive, edits)
        }
    }

    /// The same for one folder.
    static func touch(_ path: String, _ stat: Stat) -> Drive.Edit {
        var stat = stat
        stat.mtime = WallTime.milliseconds
        stat.ctime = stat.mtime
        return path == "/" ? .root(stat: stat) : .put(path: path, stat: stat)
    }

    /// Makes everything durable, one append for each drive. False: somebody else has changed a
    /// drive since it was looked at; nothing was done then, and the plan has to be made anew.
    func apply() throws -> Bool {
        guard parts.allSatisfy({ $0.drive.version == $0.version }) else { return false }
        let touches = try touches()
        for (part, touch) in zip(parts, touches) {
            var rest = (part.edits + touch.edits)[...]
            while !rest.isEmpty {
                try part.drive.apply(Array(rest.prefix(Limits.editsAtOnce)))
                rest = rest.dropFirst(Limits.editsAtOnce)
            }
        }
        return true
    }

    private mutating func part(_ drive: Drive) -> Int {
        if let index = parts.firstIndex(where: { $0.drive.key == drive.key }) { return index }
        parts.append(Part(drive: drive, version: drive.version))
        return parts.count - 1
    }

    /// Whether a folder above is written anew or goes.
    private static func isGone(_ path: String, _ written: Set<String>) -> Bool {
        var path = path
        while path != "/" {
            path = DrivePaths.parent(path)
            if path != "/", written.contains(path) { return true }
        }
        return false
    }
}
