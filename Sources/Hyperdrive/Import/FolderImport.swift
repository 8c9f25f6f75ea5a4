import Synchronization

/// Brings a local folder into an own drive: only what changed, in the order of the names, read
/// and hashed by several threads, and so that a killed import goes on where it was.
///
/// * Links are kept as links and never followed; sockets, devices and pipes are left out.
/// * A folder's mode and time are kept, also of an empty one. Owners are not: names of users mean
///   nothing elsewhere.
/// * What is ignored, or gone from the folder, is deleted from the drive; its old versions stay.
/// * Drives nested in the drive are left alone.
public final class FolderImport: Sendable {
    /// How far a pass is.
    public struct Progress: Sendable, Equatable {
        /// Regular files looked at, changed or not.
        public var files = 0
        /// Regular files in the folder.
        public var filesTotal = 0
        /// Bytes of those files.
        public var bytes: UInt64 = 0
        /// Bytes of all files in the folder.
        public var bytesTotal: UInt64 = 0
    }

    /// How to import.
    public struct Options: Sendable {
        /// Name of the files with rules of what to leave out, in any folder. A path with a slash
        /// is one file of rules for the whole folder.
        public var ignoreFile = ".hyperfsignore"
        /// The folder's own files hold the bytes: the store keeps hashes and entries only.
        public var isInPlace = false
        /// Threads that read and hash.
        public var workers = 2
        /// Entries in one metadata append.
        var commitEntries = OwnLimits.commitEntries

        /// The defaults.
        public init() {}
    }

    let drive: Drive
    let folder: String
    let options: Options
    private let isCancelled = Atomic(false)

    /// An import of a folder into a drive. Nothing happens yet.
    public init(drive: Drive, folder: String, options: Options = Options()) {
        self.drive = drive
        self.folder = folder
        self.options = options
    }

    /// One pass: compares the folder with the drive and appends what differs. Blocks; call it on
    /// a thread of its own.
    ///
    /// `progress` is called at most four times a second, and at the end. `note`: what could not
    /// be imported, one line each; the rest is imported all the same. Returns the changed paths of
    /// the drive. Throws when the folder cannot be opened or the drive not be written, and
    /// `.cancelled`; what was committed by then stays.
    public func run(
        progress: @Sendable (Progress) -> Void, note: @Sendable (String) -> Void
    ) throws -> [String] {
        try withoutActuallyEscaping(progress) { progress in
            try withoutActuallyEscaping(note) { note in
                let pass = try pass(progress: progress, note: note)
                defer { pass.end() }
                try pass.runAll()
                return pass.changed
            }
        }
    }

    /// The same for some paths relative to the folder, and what is below them.
    public func update(
        _ relativePaths: [String], note: @Sendable (String) -> Void
    ) throws -> [String] {
        try withoutActuallyEscaping(note) { note in
            let pass = try pass(progress: { _ in }, note: note)
            defer { pass.end() }
            try pass.run(relativePaths)
            return pass.changed
        }
    }

    /// Makes a running pass throw `.cancelled` soon. Later passes do, too.
    public func cancel() { isCancelled.store(true, ordering: .relaxed) }

    private func pass(
        progress: @escaping @Sendable (Progress) -> Void, note: @escaping @Sendable (String) -> Void
    ) throws -> ImportPass {
        try drive.requireWritable()
        return try ImportPass(
            drive, folder: folder, options: options, progress: progress, note: note,
            isCancelled: { [isCancelled = self] in isCancelled.wasCancelled })
    }

    private var wasCancelled: Bool { isCancelled.load(ordering: .relaxed) }
}
