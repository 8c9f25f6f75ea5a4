import Glibc

/// What a file system is supposed to do, in memory and as simple as can be.
final class Model {
    final class Node {
        let isFolder: Bool
        var bytes: [UInt8] = []
        var target: String?
        var mode: UInt32
        var children: [String: Node] = [:]

        init(isFolder: Bool, mode: UInt32 = 0o644) {
            self.isFolder = isFolder
            self.mode = mode
        }
    }

    let root = Node(isFolder: true, mode: 0o755)

    /// The folder of a path and the last name; an errno when there is none.
    func parent(of path: [String]) -> Result<Node, Errno> {
        var node = root
        for name in path.dropLast() {
            guard node.isFolder else { return .failure(Errno(ENOTDIR)) }
            guard let child = node.children[name] else { return .failure(Errno(ENOENT)) }
            node = child
        }
        return node.isFolder ? .success(node) : .failure(Errno(ENOTDIR))
    }

    func node(_ path: [String]) -> Node? {
        var node: Node? = root
        for name in path { node = node?.children[name] }
        return node
    }

    struct Errno: Error {
        let number: Int32
        init(_ number: Int32) { self.number = number }
    }

    /// 0, or why it cannot be made.
    func make(_ path: [String], _ new: @autoclosure () -> Node) -> Int32 {
        switch parent(of: path) {
        case .failure(let error): return error.number
        case .success(let folder):
            guard let name = path.last, folder.children[name] == nil else { return EEXIST }
            folder.children[name] = new()
            return 0
        }
    }

    func remove(_ path: [String], folder wantsFolder: Bool) -> Int32 {
        switch parent(of: path) {
        case .failure(let error): return error.number
        case .success(let folder):
            guard let name = path.last, let node = folder.children[name] else { return ENOENT }
            if wantsFolder, !node.isFolder { return ENOTDIR }
            if !wantsFolder, node.isFolder { return EISDIR }
            if wantsFolder, !node.children.isEmpty { return ENOTEMPTY }
            folder.children[name] = nil
            return 0
        }
    }

    func rename(_ from: [String], _ to: [String], _ flags: UInt32) -> Int32 {
        guard case .success(let source) = parent(of: from),
            case .success(let target) = parent(of: to)
        else { return -1 }
        guard let old = from.last, let new = to.last, let node = source.children[old] else {
            return ENOENT
        }
        let there = target.children[new]
        if flags == 1, there != nil { return EEXIST }
        if flags == 2, there == nil { return ENOENT }
        if from == to { return 0 }
        if to.starts(with: from) || (flags == 2 && from.starts(with: to)) { return EINVAL }
        if flags == 2 {
            source.children[old] = there
            target.children[new] = node
            return 0
        }
        if let there {
            if node.isFolder, !there.isFolder { return ENOTDIR }
            if node.isFolder, !there.children.isEmpty { return ENOTEMPTY }
            if !node.isFolder, there.isFolder { return EISDIR }
        }
        source.children[old] = nil
        target.children[new] = node
        return 0
    }

    /// Everything in it, a line each.
    func snapshot() -> [String] {
        var lines: [String] = []
        func walk(_ node: Node, _ path: String) {
            for (name, child) in node.children {
                let path = path + "/" + name
                lines.append(Model.line(path, child))
                walk(child, path)
            }
        }
        walk(root, "")
        return lines.sorted()
    }

    static func line(_ path: String, _ node: Node) -> String {
        if node.isFolder { return "\(path) folder \(node.mode)" }
        if let target = node.target { return "\(path) -> \(target)" }
        return "\(path) \(node.mode) \(digest(node.bytes))"
    }

    static func digest(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "\(bytes.count):\(hash)"
    }
}
