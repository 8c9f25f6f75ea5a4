import FileTree
import Glibc
import Synchronization
import TestSupport
import Testing

/// A kernel that believes what it was told until it is told to forget: what it still believes must
/// be true. It knows of its own changes what Linux knows.
final class Kernel {
    let tree: Tree
    private let told = Told()
    private var names: [UInt64: [String: UInt64?]] = [:]
    private var attributes: [UInt64: Attributes] = [:]
    private var pages: [UInt64: [UInt8]] = [:]
    private var lists: [UInt64: [String]] = [:]

    init(_ tree: Tree) {
        self.tree = tree
        let told = told
        tree.onInvalidate { change in told.changes.withLock { $0.append(change) } }
    }

    private func now<T: Sendable>(
        _ start: (@escaping Tree.Reply<T>) -> Pending?
    ) throws -> T {
        try (askNow(start) ?? .failure(PosixError(EAGAIN, "no answer at once"))).get()
    }

    /// Forgets what it was told to.
    private func hear() {
        let changes = told.changes.withLock { changes in
            defer { changes = [] }
            return changes
        }
        for change in changes {
            switch change {
            case .entry(let parent, let name), .expiry(let parent, let name):
                names[parent]?[name] = nil
                attributes[parent] = nil
            case .listing(let node), .content(let node, _):
                attributes[node] = nil
                pages[node] = nil
                lists[node] = nil
            case .attributes(let node): attributes[node] = nil
            case .unused: break
            }
        }
    }

    // MARK: What it shows

    func node(_ path: [String]) throws -> UInt64? {
        hear()
        var node = tree.root
        for name in path {
            if let known = names[node]?[name] {
                guard let known else { return nil }
                node = known
                continue
            }
            do {
                let found = try now { tree.lookup(parent: node, name: name, reply: $0) }
                names[node, default: [:]][name] = .some(found.node)
                attributes[found.node] = found
                node = found.node
            } catch let error as PosixError where error.errno == ENOENT {
                names[node, default: [:]][name] = .some(nil)
                return nil
            }
        }
        return node
    }

    private func attributes(of node: UInt64) throws -> Attributes {
        hear()
        if let known = attributes[node] { return known }
        let found = try now { tree.attributes(inode: node, reply: $0) }
        attributes[node] = found
        return found
    }

    private func bytes(of node: UInt64) throws -> [UInt8] {
        let size = try attributes(of: node).size
        // Linux drops cached bytes behind an end that has moved down.
        if let known = pages[node], known.count == Int(size) { return known }
        let handle = try now { tree.open(inode: node, flags: O_RDONLY, reply: $0) }.handle
        defer { tree.close(handle: handle) }
        var bytes: [UInt8] = []
        while let piece = try tree.readNow(handle, UInt64(bytes.count), 1 << 18), !piece.isEmpty {
            bytes += piece
        }
        pages[node] = bytes
        return bytes
    }

    private func list(_ node: UInt64) throws -> [String] {
        hear()
        if let known = lists[node] { return known }
        let handle = try now { tree.openDirectory(inode: node, reply: $0) }.handle
        defer { tree.closeDirectory(handle: handle) }
        var found: [String] = []
        try tree.readDirectory(
            handle: handle, from: 0, withAttributes: false,
            take: { _, entry in
                if entry.name != ".", entry.name != ".." { found.append(entry.name) }
                return true
            }, finish: {})
        lists[node] = found
        return found
    }

    /// Everything below a place, in the model's words, as far as possible from memory.
    func snapshot(below top: [String]) throws -> [String] {
        var lines: [String] = []
        func walk(_ path: [String]) throws {
            guard let folder = try node(top + path) else { return }
            for name in try list(folder) {
                let child = path + [name]
                let text = "/" + child.joined(separator: "/")
                guard let node = try node(top + child) else {
                    lines.append("\(text) is listed and not there")
                    continue
                }
                let shown = try attributes(of: node)
                switch shown.mode & S_IFMT {
                case S_IFDIR:
                    lines.append("\(text) folder \(shown.mode & 0o7777)")
                    try walk(child)
                default:
                    let bytes = try bytes(of: node)
                    lines.append("\(text) \(shown.mode & 0o7777) \(Model.digest(bytes))")
                }
            }
        }
        try walk([])
        return lines.sorted()
    }

    // MARK: What it asks for

    private func forget(_ path: [String]) throws {
        if let folder = try node(path.dropLast()) {
            names[folder]?[path[path.count - 1]] = nil
            attributes[folder] = nil
            lists[folder] = nil
        }
    }

    private func forgetNode(_ node: UInt64?) {
        guard let node else { return }
        attributes[node] = nil
        pages[node] = nil
    }

    func makeFolder(_ path: [String]) throws -> Int32 {
        defer { try? forget(path) }
        return try errno(path) { folder, name, reply in
            self.tree.makeFolder(parent: folder, name: name, Making(mode: 0o755)) {
                reply($0.map { _ in })
            }
        }
    }

    func remove(_ path: [String], folder isFolder: Bool) throws -> Int32 {
        forgetNode(try node(path))
        defer { try? forget(path) }
        return try errno(path) { folder, name, reply in
            isFolder
                ? self.tree.removeFolder(parent: folder, name: name, reply: reply)
                : self.tree.remove(parent: folder, name: name, reply: reply)
        }
    }

    func rename(_ from: [String], _ to: [String], _ flags: UInt32) throws -> Int32 {
        guard let target = try node(to.dropLast()) else { return ENOENT }
        for path in [from, to] { forgetNode(try node(path)) }
        defer {
            for path in [from, to] { try? forget(path) }
        }
        return try errno(from) { folder, name, reply in
            self.tree.rename(
                from: folder, name: name, to: target, newName: to[to.count - 1], flags: flags,
                reply: reply)
        }
    }

    /// Writes to a file, which may be new; `keepsOpen` leaves the handle to the caller.
    func write(_ path: [String], _ bytes: [UInt8], at offset: Int, flags: Int32) throws -> Int32 {
        guard let folder = try node(path.dropLast()) else { return ENOENT }
        forgetNode(try node(path))
        defer {
            try? forget(path)
            forgetNode(try? node(path))
        }
        let tree = tree
        let created = askNow {
            tree.create(
                parent: folder, name: path[path.count - 1], flags: O_RDWR | flags,
                Making(mode: 0o644), reply: $0)
        }
        guard let created else { return EAGAIN }
        guard case .success(let file) = created else { return created.errno ?? 0 }
        let handle = file.opened.handle
        defer { tree.close(handle: handle) }
        try bytes.withUnsafeBytes {
            let count = try tree.write(handle: handle, offset: UInt64(offset), $0)
            #expect(count == bytes.count)
        }
        try tree.flush(handle: handle)
        return 0
    }

    func setMode(_ path: [String], _ mode: UInt32) throws -> Int32 {
        guard let node = try node(path) else { return ENOENT }
        defer { forgetNode(node) }
        var changes = AttributeChanges()
        changes.mode = mode
        let (tree, wanted) = (tree, changes)
        return askNow { tree.setAttributes(inode: node, wanted, reply: $0) }?.errno ?? 0
    }

    private func errno(
        _ path: [String],
        _ start: (UInt64, String, @escaping Tree.Reply<Void>) -> Pending?
    ) throws -> Int32 {
        guard let folder = try node(path.dropLast()) else { return ENOENT }
        guard try attributes(of: folder).mode & S_IFMT == S_IFDIR else { return ENOTDIR }
        let result: Result<Void, PosixError>? = askNow {
            start(folder, path[path.count - 1], $0)
        }
        guard let result else { return EAGAIN }
        return result.errno ?? 0
    }
}

private final class Told: Sendable {
    let changes = Mutex<[Tree.Invalidation]>([])
}
