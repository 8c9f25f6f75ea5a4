import Glibc
import Hypercore
import Hyperdrive
import Synchronization

/// Copies a file or folder of a drive to the local disk.
///
/// What is complete at the destination (same size and time) is left alone, and fetched blocks stay
/// in the store: a run that was cut short goes on where it was. Blocks that lay in the store are
/// hashed again before they are used.
public final class CopyOut {
    /// How far it is.
    public struct Progress: Sendable, Equatable {
        /// Files done.
        public var files = 0
        /// Files in all.
        public var filesTotal = 0
        /// Bytes done.
        public var bytes: UInt64 = 0
        /// Bytes in all.
        public var bytesTotal: UInt64 = 0
    }

    /// Entries in one go.
    var copiedAtOnce = Limits.copiedAtOnce
    private let drive: Drive
    private let engine: Engine
    private let report: (Progress) -> Void
    private let note: (String) -> Void
    private var progress = Progress()
    private var lookAhead = LookAhead()

    /// `note` hears of entries that were left out.
    public init(
        _ drive: Drive, in engine: Engine, progress: @escaping (Progress) -> Void,
        note: @escaping (String) -> Void
    ) {
        self.drive = drive
        self.engine = engine
        report = progress
        self.note = note
    }

    /// A folder's content goes into the folder `destination`; a file becomes `destination`, or goes
    /// into it when that is a folder. Returns what was done.
    public func run(_ path: String, to destination: String) async throws -> Progress {
        let drive = drive
        let found = try await engine.fetching("reading \(path)") { try drive.entry(path) }
        guard let entry = found else {
            throw NodeError(
                .notFound, "\(path) is not in the drive", hint: "'hyperfs ls' shows what is there")
        }
        switch entry.stat.kind {
        case .directory:
            try await copyAll(below: path, into: DestinationFolder(destination))
        case .file, .symlink:
            let (folder, name) = Self.split(destination, entry.name)
            try await copyOne(entry, [name], in: DestinationFolder(folder))
        case .other:
            throw NodeError(
                .failed, "\(path) is neither file, folder nor symlink", hint: "nothing was copied")
        }
        return progress
    }

    /// Page by page: a drive may have more entries than there is memory.
    private func copyAll(below base: String, into folder: DestinationFolder) async throws {
        var few: [Entry]? = []
        try await eachPage(of: base) { page in
            few = few.map { $0 + page }.flatMap { $0.count <= copiedAtOnce ? $0 : nil }
            for entry in page where entry.stat.kind == .file {
                progress.filesTotal += 1
                progress.bytesTotal &+= entry.stat.size
            }
        }
        if let few {
            try await copy(few, below: base, into: folder)
            return try finish(few, below: base, in: folder)
        }
        try await eachPage(of: base, atMost: copiedAtOnce) { page in
            try await copy(page, below: base, into: folder)
        }
        try await eachPage(of: base) { try finish($0, below: base, in: folder) }
    }

    private func eachPage(
        of path: String, atMost count: Int = DriveWalk.pageEntries,
        _ body: ([Entry]) async throws -> Void
    ) async throws {
        let walk = try drive.walk(path, enterMounts: true)
        while true {
            let page = try await engine.fetching("listing \(path)") { try walk.next(atMost: count) }
            guard !page.isEmpty else { return }
            try await body(page)
        }
    }

    private static func components(of entry: Entry, below base: String) -> [String] {
        let depth = base.split(separator: "/").count
        return entry.path.split(separator: "/").dropFirst(depth).map(String.init)
    }

    private func copy(
        _ entries: [Entry], below base: String, into folder: DestinationFolder
    ) async throws {
        let relative = { Self.components(of: $0, below: base) }
        // In the order of the content feed: what lies side by side is fetched side by side.
        let files = entries.filter { $0.stat.kind == .file }
            .sorted { ($0.drive.key.hex, $0.stat.offset) < ($1.drive.key.hex, $1.stat.offset) }
        for entry in entries where entry.stat.kind == .directory {
            try attempt(entry) { () throws(NodeError) in
                try folder.place(relative(entry)).makeFolder()
            }
        }
        lookAhead = LookAhead()
        for entry in files { try await plan(entry) }
        lookAhead.consumed(0)
        for entry in files {
            do {
                try await copyOne(entry, relative(entry), in: folder)
            } catch let error as NodeError where error.code == .failed && !error.isFatal {
                note("\(error.message); left out")
            }
        }
        for entry in entries where entry.stat.kind == .symlink {
            try attempt(entry) { () throws(NodeError) in
                try folder.place(relative(entry)).makeSymlink(to: entry.stat.linkname ?? "")
            }
        }
        for entry in entries where entry.stat.kind == .other {
            note("\(entry.path): neither file, folder nor symlink; left out")
        }
    }

    /// Once everything is there: a folder's time changes with what is put into it.
    private func finish(
        _ entries: [Entry], below base: String, in folder: DestinationFolder
    ) throws {
        for entry in entries where entry.stat.kind == .directory && !entry.isImplicit {
            try attempt(entry) { () throws(NodeError) in
                try folder.place(Self.components(of: entry, below: base)).finishFolder(
                    mode: entry.stat.mode | 0o700, mtimeMilliseconds: entry.stat.mtime)
            }
        }
    }

    /// One bad entry must not stop the others; a full disk must.
    private func attempt(_ entry: Entry, _ step: () throws(NodeError) -> Void) throws {
        do {
            try step()
        } catch {
            if error.isFatal { throw error }
            note("\(error.message); left out")
        }
    }

    private func plan(_ entry: Entry) async throws {
        let content = try await content(of: entry)
        lookAhead.add(content.blocks, of: content.feed)
    }

    private func content(of entry: Entry) async throws -> FileContent {
        try await engine.fetching("reading \(entry.path)") {
            try entry.drive.content(of: entry.stat)
        }
    }

    private func copyOne(
        _ entry: Entry, _ components: [String], in folder: DestinationFolder
    ) async throws {
        if entry.stat.kind == .symlink {
            return try folder.place(components).makeSymlink(to: entry.stat.linkname ?? "")
        }
        let place = try folder.place(components)
        let content = try await content(of: entry)
        if let there = place.regularFile, there == (content.size, entry.stat.mtime) {
            progress.bytes += content.size
            lookAhead.consumed(UInt64(content.blocks.count))
        } else {
            let handle = try place.beginFile()
            do {
                try await fill(handle, content, of: entry)
            } catch {
                place.cancelFile(handle)
                throw error
            }
            try place.finishFile(
                handle, mode: entry.stat.mode, mtimeMilliseconds: entry.stat.mtime)
        }
        progress.files += 1
        report(progress)
    }

    private func fill(_ handle: Int32, _ content: FileContent, of entry: Entry) async throws {
        var left = content.size
        let (feed, blocks) = (content.feed, content.blocks)
        // A disk that cannot be read says so again when the block is.
        let bad = feed.hasAll(blocks) ? (try? feed.verifyStored(blocks)) ?? [] : []
        for index in blocks where left > 0 {
            let block = try await block(index, upTo: blocks.upperBound, of: feed, entry, bad)
            let count = min(UInt64(block.count), left)
            try Self.write(block[..<Int(count)], to: handle, entry.path)
            left -= count
            progress.bytes += count
            lookAhead.consumed(1)
            report(progress)
        }
        guard left == 0 else {
            throw NodeError(
                .corrupt, "\(entry.path): its blocks hold \(left) bytes fewer than its entry says",
                hint: "tell the owner of the drive; the file was left out")
        }
    }

    private func block(
        _ index: UInt64, upTo end: UInt64, of feed: Feed, _ entry: Entry, _ bad: [UInt64]
    ) async throws -> [UInt8] {
        let subject = "reading \(entry.path)"
        let ahead = index..<min(end, index + Limits.copyAheadStep)
        // With a full disk a block that came early may be gone before it is copied.
        for attempt in 0..<Limits.passingAttempts {
            do {
                let wanted = attempt == 0 ? ahead : index..<index + 1
                if !feed.has(index) { try await engine.fetch(subject, .blocks(wanted), of: feed) }
            } catch let error as NodeError where bad.contains(index) {
                throw NodeError(
                    .corrupt, "\(entry.path): block \(index) is damaged on disk (\(error.message))",
                    hint: "name a peer that has the drive with --peer: the block is fetched again")
            }
            if let block = try feed.block(index) { return block }
        }
        throw NodeError(
            .corrupt, "\(subject): block \(index) vanished", hint: "run the command again")
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to handle: Int32, _ path: String
    ) throws(NodeError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("cannot write \(path)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Folder and name for a single file.
    private static func split(_ destination: String, _ name: String) -> (String, String) {
        var status = stat()
        if destination.hasSuffix("/") || destination == "." || destination == ".."
            || (stat(destination, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR)
        {
            return (destination, name)
        }
        guard let slash = destination.lastIndex(of: "/") else { return (".", destination) }
        let folder = destination[..<slash]
        return (
            folder.isEmpty ? "/" : String(folder),
            String(destination[destination.index(after: slash)...])
        )
    }
}

extension Limits {
    /// How often a block is asked for that has passed by before it was copied: once more finds
    /// it, unless many read at once.
    static let passingAttempts = 8
}
