import Corestore
import FileTree
import Glibc
import Hyperdrive
import Synchronization
import TestSupport
import Testing

/// An own drive in memory with a tree that can be written, asked in place.
final class WritingRig {
    let drive: Drive
    let folder: TemporaryFolder
    private(set) var tree: Tree

    init(seed: UInt64 = 7) throws {
        let store = Store(memory: SeededRandom(seed: seed))
        drive = try Drive.create(in: store, name: "drive")
        folder = try TemporaryFolder()
        tree = Self.tree(drive, folder)
    }

    /// A drive on a disk that can be made to fail.
    init(on disk: FaultyDisk, seed: UInt64) throws {
        let store = Store(random: SeededRandom(seed: seed)) { disk.storage($0) }
        drive = try Drive.create(in: store, name: "drive")
        folder = try TemporaryFolder()
        tree = Self.tree(drive, folder)
    }

    deinit { tree.close() }

    private static func tree(_ drive: Drive, _ folder: TemporaryFolder) -> Tree {
        var configuration = Tree.Configuration()
        configuration.stagingFolder = folder("staging")
        return Tree(drive: drive, configuration: configuration)
    }

    /// Everything into the drive, and a new tree of it.
    func reopen() throws {
        try tree.finish()
        tree.close()
        tree = Self.tree(drive, folder)
    }

    /// The node of a path; the errno of a look-up that fails.
    func node(_ path: [String]) -> Result<UInt64, PosixError> {
        var node = tree.root
        var isFolder = true
        for name in path {
            // The kernel would not even ask.
            guard isFolder else { return .failure(PosixError(ENOTDIR, name)) }
            let found = now { tree.lookup(parent: node, name: name, reply: $0) }
            switch found {
            case .success(let attributes):
                node = attributes.node
                isFolder = attributes.mode & S_IFMT == S_IFDIR
            case .failure(let error): return .failure(error)
            }
        }
        return .success(node)
    }

    /// The answer that comes at once.
    func now<T: Sendable>(
        _ start: (@escaping Tree.Reply<T>) -> Pending?
    ) -> Result<T, PosixError> {
        askNow(start) ?? .failure(PosixError(EAGAIN, "no answer at once"))
    }

    func sync(_ handle: UInt64) async throws {
        let tree = tree
        try await ask { (reply: @escaping Tree.Reply<Void>) -> Pending? in
            tree.sync(handle: handle, reply: reply)
            return nil
        }.get()
    }

    /// Everything that was closed goes into the drive.
    func syncAll() async throws {
        let tree = tree
        let opened = try now { tree.openDirectory(inode: tree.root, reply: $0) }.get()
        defer { tree.closeDirectory(handle: opened.handle) }
        try await ask { (reply: @escaping Tree.Reply<Void>) -> Pending? in
            tree.syncFolder(handle: opened.handle, reply: reply)
            return nil
        }.get()
    }

    @discardableResult
    func create(_ path: [String], flags: Int32 = O_RDWR) -> Result<Tree.Created, PosixError> {
        node(path.dropLast()).flatMap { parent in
            now {
                tree.create(
                    parent: parent, name: path.last ?? "", flags: flags, Making(mode: 0o644),
                    reply: $0)
            }
        }
    }

    func write(_ path: [String], _ bytes: [UInt8]) throws {
        let handle = try create(path, flags: O_RDWR | O_TRUNC).get().opened.handle
        defer { tree.close(handle: handle) }
        try write(handle, 0, bytes)
        try tree.flush(handle: handle)
    }

    func write(_ handle: UInt64, _ offset: UInt64, _ bytes: [UInt8]) throws {
        let count = try bytes.withUnsafeBytes {
            try tree.write(handle: handle, offset: offset, $0)
        }
        #expect(count == bytes.count)
    }

    func read(_ path: [String]) throws -> [UInt8] {
        let node = try node(path).get()
        let handle = try now { tree.open(inode: node, flags: O_RDONLY, reply: $0) }.get().handle
        defer { tree.close(handle: handle) }
        return try read(handle)
    }

    func read(_ handle: UInt64) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try tree.readNow(handle, UInt64(bytes.count), 1 << 18) ?? []
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }

    func names(_ node: UInt64) throws -> [String] {
        let handle = try now { tree.openDirectory(inode: node, reply: $0) }.get().handle
        defer { tree.closeDirectory(handle: handle) }
        var names: [String] = []
        try tree.readDirectory(
            handle: handle, from: 0, withAttributes: false,
            take: { _, entry in
                if entry.name != ".", entry.name != ".." { names.append(entry.name) }
                return true
            }, finish: {})
        return names
    }

    /// Everything that the tree shows, in the model's words.
    func snapshot() throws -> [String] {
        var lines: [String] = []
        func walk(_ path: [String]) throws {
            for name in try names(try node(path).get()) {
                let child = path + [name]
                let found = try node(child).get()
                let shown = try now { tree.attributes(inode: found, reply: $0) }.get()
                let text = "/" + child.joined(separator: "/")
                switch shown.mode & S_IFMT {
                case S_IFDIR:
                    lines.append("\(text) folder \(shown.mode & 0o7777)")
                    try walk(child)
                case S_IFLNK:
                    let target = try now { tree.readLink(inode: found, reply: $0) }.get()
                    lines.append("\(text) -> \(target)")
                default:
                    let bytes = try read(child)
                    #expect(UInt64(bytes.count) == shown.size)
                    lines.append("\(text) \(shown.mode & 0o7777) \(Model.digest(bytes))")
                }
            }
        }
        try walk([])
        return lines.sorted()
    }

    /// Everything that the drive has, in the model's words.
    func committed() throws -> [String] { try Self.snapshot(of: drive) }

    static func snapshot(of drive: Drive) throws -> [String] {
        try drive.everything().map { entry in
            switch entry.stat.kind {
            case .directory: return "\(entry.path) folder \(entry.stat.mode & 0o7777)"
            case .symlink: return "\(entry.path) -> \(entry.stat.linkname ?? "")"
            default:
                let bytes = try drive.read(entry.path)
                return "\(entry.path) \(entry.stat.mode & 0o7777) \(Model.digest(bytes))"
            }
        }.sorted()
    }
}
