import Glibc
import Synchronization

/// Copies local files and folders into an own drive: adds and replaces, deletes nothing.
///
/// What the drive has already (same size, time and mode) is passed over, so that a copy which was
/// cut short goes on where it was. Links inside folders are kept as links; ignore files do not
/// count. A file never takes the place of a folder, nor a folder that of a file.
public final class CopyIn: Sendable {
    /// A file or folder, and what it becomes.
    public struct Item: Sendable {
        /// Absolute; links are followed here.
        public var local: String
        /// Its path in the drive. `/`: the content of a folder goes into the root.
        public var path: String

        /// Something to copy.
        public init(local: String, path: String) {
            self.local = local
            self.path = path
        }
    }

    private let drive: Drive
    private let items: [Item]
    private let closing: [Drive.Edit]
    private let isCancelled = Atomic(false)

    /// Nothing happens yet. `closing`: written behind everything else, if anything is.
    public init(_ items: [Item], into drive: Drive, closing: [Drive.Edit] = []) {
        self.items = items
        self.drive = drive
        self.closing = closing
    }

    /// Copies; blocks. `progress` is called at most four times a second, and at the end; `note`:
    /// what was left out, one line each. Returns the changed paths. Throws what `FolderImport.run`
    /// throws; what was committed by then stays.
    public func run(
        progress: @escaping @Sendable (FolderImport.Progress) -> Void,
        note: @escaping @Sendable (String) -> Void
    ) throws -> [String] {
        try drive.requireWritable()
        var options = FolderImport.Options()
        // No name has a slash at its end: nothing is ignored.
        options.ignoreFile = "."
        let pass = try ImportPass(
            drive, folder: "/", options: options, isMirror: false, progress: progress, note: note,
            isCancelled: { [self] in isCancelled.load(ordering: .relaxed) })
        defer { pass.end() }
        pass.closing = closing
        let sources = try items.map { try Source($0) }
        for source in sources { try source.count(in: pass) }
        for source in sources { try source.visit(in: pass) }
        try pass.finish()
        if !pass.unsettled.isEmpty {
            // Once more, as an import does.
            pass.unsettled = []
            for source in sources { try source.visit(in: pass) }
            try pass.finish()
        }
        pass.meter.report(isLast: true)
        return pass.changed
    }

    /// Makes a running copy throw `.cancelled` soon.
    public func cancel() { isCancelled.store(true, ordering: .relaxed) }
}

/// A file or folder with the folder that it is in held open.
private struct Source {
    let item: CopyIn.Item
    let key: String
    let parent: LocalFolder
    /// Its name; `.` where the content of the folder goes into the drive's root.
    let name: String

    init(_ item: CopyIn.Item) throws {
        self.item = item
        key = try DrivePath.key(item.path)
        guard let real = realpath(item.local, nil) else {
            throw DriveError.system("read", item.local, errno)
        }
        defer { free(real) }
        let path = String(cString: real)
        if key.isEmpty || path == "/" {
            parent = try LocalFolder(path: path)
            name = "."
        } else {
            name = DrivePath.name(of: path)
            let folder = String(Substring(path.utf8.dropLast(name.utf8.count + 1)))
            parent = try LocalFolder(path: folder.isEmpty ? "/" : folder)
        }
    }

    private var names: [[UInt8]] {
        key.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
    }

    func count(in pass: ImportPass) throws {
        guard let info = try? parent.info(name) else { return }
        switch info.kind {
        case .file:
            pass.meter.total.files += 1
            pass.meter.total.bytes += info.size
        case .directory:
            guard let folder = try? name == "." ? parent : parent.folder(name) else { return }
            let more = try pass.count(folder, at: names, IgnoreStack())
            pass.meter.total.files += more.files
            pass.meter.total.bytes += more.bytes
        default: break
        }
    }

    func visit(in pass: ImportPass) throws {
        pass.origin = (key, item.local)
        guard !key.isEmpty else {
            try pass.visit(parent, key: "", path: [], rules: IgnoreStack(), isInDrive: true)
            return try pass.drain()
        }
        let old = try pass.drive.entry(DrivePath.path(key))
        try pass.visit(
            name, as: key, in: parent, path: names, rules: IgnoreStack(), old: old)
        // What is under way is named after this source.
        try pass.drain()
    }
}
