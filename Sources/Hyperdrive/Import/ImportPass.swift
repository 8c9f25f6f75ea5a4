import Glibc
import HyperCrypto
import Hypercore

/// One pass of an import, confined to one thread: walks the folder and the drive side by side,
/// hands files to the readers and appends what they bring, in order.
final class ImportPass {
    let drive: Drive
    let root: LocalFolder
    let rootPath: String
    let options: FolderImport.Options
    let note: @Sendable (String) -> Void
    let isCancelled: @Sendable () -> Bool
    var meter: ImportMeter
    let pool: ReadPool
    let writer: ImportWriter
    /// Where the folder's own files hold the bytes.
    let inPlace: InPlaceLedger?
    /// Device and inode of the store's folder, which must never be shared.
    let storeFolder: LocalFolder.Info?

    /// Pieces in the order of the walk; those before `pendingStart` are taken and let go of, or
    /// their buffers would stay.
    var pending: [ImportFile?] = []
    var pendingStart = 0
    var pendingBytes = 0
    /// A large file is appended in part: its blocks have to stay together, so nothing may be
    /// committed now.
    var isInsideFile = false
    /// Files that changed while they were read.
    var unsettled: [String] = []

    /// Files that look unchanged may have lost bytes in this pass.
    private(set) var hasTakenBack = false

    /// A folder that is shared is mirrored: what it has not goes, what it has replaces whatever is
    /// there, and its root is the drive's. What is copied in only adds (`CopyIn`).
    let isMirror: Bool
    /// What is written behind everything else.
    var closing: [Drive.Edit] = []
    /// Where the keys of a copy come from, for people.
    var origin: (key: String, local: String) = ("", "")

    /// Files that are gone from where the drive has them: content that may turn up elsewhere.
    var gone: [MovedFile: [Entry]] = [:]
    var goneCount = 0

    /// Paths of the drive that were changed.
    var changed: [String] { writer.changed }

    init(
        _ drive: Drive, folder: String, options: FolderImport.Options, isMirror: Bool = true,
        progress: @escaping @Sendable (FolderImport.Progress) -> Void,
        note: @escaping @Sendable (String) -> Void, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        self.drive = drive
        rootPath = folder
        root = try LocalFolder(path: folder)
        self.options = options
        self.isMirror = isMirror
        self.note = note
        self.isCancelled = isCancelled
        meter = ImportMeter(progress)
        writer = try ImportWriter(drive, commitEntries: options.commitEntries)
        let store = drive.store.folder
        // A store whose folder is gone cannot lie in the one that is imported.
        storeFolder = store.isEmpty ? nil : try? LocalFolder(path: store).info()
        inPlace =
            isMirror && options.isInPlace
            ? try InPlaceLedger(drive.content(), folder: folder) : nil
        pool = ReadPool(threads: options.workers)
    }

    /// Lets the readers end; what is not committed is forgotten.
    func end() {
        pool.end()
        writer.cancel()
    }

    /// The whole folder.
    func runAll() throws {
        try takeBack()
        let rules = try rootRules()
        meter.total = try count(root, at: [], rules)
        try visit(root, key: "", path: [], rules: rules, isInDrive: drive.version > 1)
        try finish()
        try rereadUnsettled()
        meter.report(isLast: true)
    }

    /// Some paths relative to the folder.
    func run(_ paths: [String]) throws {
        let keys = Set(try paths.map { try DrivePath.key("/" + $0) })
        for key in keys { try findGone(key) }
        var last: String?
        for key in keys.sorted(by: DrivePath.isBefore) {
            // Below a path that was looked through, everything was.
            if let last, key == last || key.utf8.starts(with: (last + "/").utf8) { continue }
            last = key
            if key.isEmpty { return try runAll() }
            try refresh(key)
        }
        try finish()
        try rereadUnsettled()
    }

    /// Once more, not for ever: a file that is always written would be appended again and again.
    private func rereadUnsettled() throws {
        guard !unsettled.isEmpty else { return }
        let again = unsettled
        unsettled = []
        for key in again { try refresh(key) }
        try finish()
    }

    /// Takes everything that is being read.
    func drain() throws {
        while pendingStart < pending.count { try takeOne() }
    }

    func finish() throws {
        try drain()
        if isMirror {
            try keepRoot()
        } else if !writer.changed.isEmpty {
            closing.forEach(writer.add)
            closing = []
        }
        try writer.commit()
        try inPlace?.settle()
    }

    /// A folder that was shared in place and is not any more: the store gets its bytes. What the
    /// folder has changed unseen could not be taken, so unchanged files are looked at, too.
    private func takeBack() throws {
        let content = try drive.content()
        guard isMirror, inPlace == nil, content.lendingFolder != nil else { return }
        note("\(rootPath): its bytes are copied into the store now")
        hasTakenBack = true
        try content.takeBack { _ in !isCancelled() }
        try checkCancelled()
    }

    /// The root's own look goes last, where every reader has it at once.
    private func keepRoot() throws {
        let info: LocalFolder.Info
        do { info = try root.info() } catch {
            throw DriveError.system("look at", rootPath, error.errno)
        }
        let stat = Stat.directory(mode: info.permissions, mtime: info.mtime)
        guard try writer.hasWritten || drive.entry("/")?.stat != stat else { return }
        writer.addRoot(stat)
    }

    func commitIfDue() throws {
        if !isInsideFile { try writer.commitIfDue() }
    }

    func checkCancelled() throws(DriveError) {
        guard !isCancelled() else {
            throw DriveError(.cancelled, "the import of \(rootPath) was stopped", errno: EINTR)
        }
    }

    /// Where an entry is on the local disk, for people.
    func localPath(_ key: String) -> String {
        guard isMirror else {
            return origin.local + String(Substring(key.utf8.dropFirst(origin.key.utf8.count)))
        }
        return key.isEmpty ? rootPath : rootPath + "/" + key
    }
}

/// A regular file between the walk and the drive.
final class ImportFile {
    let key: String
    let name: String
    /// What the drive has.
    let old: Entry?
    let info: LocalFolder.Info
    /// The next piece of it.
    let job: ReadJob
    /// Of a large file: what its pieces have in common.
    let large: LargeFile?
    let isLast: Bool

    init(
        key: String, name: String, old: Entry?, info: LocalFolder.Info, job: ReadJob,
        large: LargeFile? = nil, isLast: Bool = true
    ) {
        self.key = key
        self.name = name
        self.old = old
        self.info = info
        self.job = job
        self.large = large
        self.isLast = isLast
    }
}

/// A file that is read in pieces.
final class LargeFile {
    let file: LocalFile
    /// Where its content begins, once the first piece is appended.
    var start: (block: UInt64, byte: UInt64)?
    /// A piece was shorter than it should be: what follows is not used.
    var isCut = false
    var fault: LocalFault?

    init(_ file: LocalFile) { self.file = file }
}

/// Counts what was done and tells it now and then.
struct ImportMeter {
    private let report: @Sendable (FolderImport.Progress) -> Void
    private var last: ContinuousClock.Instant?
    private(set) var done = FolderImport.Progress()
    var total: (files: Int, bytes: UInt64) = (0, 0)

    init(_ report: @escaping @Sendable (FolderImport.Progress) -> Void) { self.report = report }

    mutating func add(files: Int = 0, bytes: UInt64 = 0) {
        done.files += files
        done.bytes += bytes
        report(isLast: false)
    }

    /// At most four times a second, except at the end.
    mutating func report(isLast: Bool) {
        let now = ContinuousClock.now
        if !isLast, let last, now - last < .milliseconds(250) { return }
        last = now
        // Files may have come while we were counting.
        done.filesTotal = max(total.files, done.files)
        done.bytesTotal = max(total.bytes, done.bytes)
        report(done)
    }
}
