import FileTree
import Glibc
import TestSupport
import Testing

/// Thousands of random steps on a tree and on a model of it, without a kernel: several handles,
/// files that are removed and renamed while they are open, commits at any time, other trees of the
/// same drive.
@Suite(.timeLimit(.minutes(1)))
struct ModelTests {
    @Test func aTreeDoesWhatTheModelDoes() async throws {
        var random = SeededRandom.announced()
        for round in 0..<3 {
            var player = try Player(random: SeededRandom(seed: random.next()))
            for step in 0..<1200 {
                if let problem = try player.take() {
                    Issue.record("round \(round), step \(step): \(problem)")
                    return
                }
                if step % 100 == 99 { try await player.compare(reopens: step % 300 == 299) }
            }
        }
    }
}

private struct Player {
    private let rig: WritingRig
    private let model = Model()
    private var random: SeededRandom
    private var open: [(handle: UInt64, node: Model.Node)] = []

    init(random: SeededRandom) throws {
        self.random = random
        rig = try WritingRig(seed: 11)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func path() -> [String] {
        (0..<[1, 1, 2, 2, 3][number(0...4)]).map { _ in ["a", "b", "c"][number(0...2)] }
    }

    private mutating func bytes() -> [UInt8] {
        let count = [number(0...50), number(0...5000), number(0...90_000)][number(0...2)]
        let seed = number(0...999)
        return (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 131 ^ $0 >> 8) }
    }

    private mutating func offset() -> Int {
        [0, number(0...5000), number(0...150_000)][number(0...2)]
    }

    /// What differs; nil = nothing.
    mutating func take() throws -> String? {
        switch number(0...19) {
        case 0...3: return openFile(path())
        case 4...6: return try write()
        case 7...8: return try read()
        case 9: return resize()
        case 10: return close()
        case 11...12: return make(path(), folder: true)
        case 13: return make(path(), folder: false)
        case 14: return remove(path(), folder: false)
        case 15: return remove(path(), folder: true)
        default: return rename(path(), path(), [0, 0, 1, 2][number(0...3)])
        }
    }

    /// Tree, model and drive have the same.
    mutating func compare(reopens: Bool) async throws {
        #expect(try rig.snapshot() == model.snapshot())
        if reopens {
            for (handle, _) in open { rig.tree.close(handle: handle) }
            open = []
            try rig.reopen()
            #expect(try rig.snapshot() == model.snapshot())
            #expect(try rig.committed() == model.snapshot())
        } else {
            try await rig.syncAll()
            #expect(try rig.snapshot() == model.snapshot())
        }
    }

    // MARK: Steps

    private func differs(_ what: String, _ our: Int32, _ their: Int32) -> String? {
        our == their ? nil : "\(what): \(our), in the model \(their)"
    }

    /// The folder of a path in the tree, or why there is none.
    private func parent(_ path: [String]) -> Result<UInt64, PosixError> {
        let name = path.last ?? ""
        return rig.node(path.dropLast()).flatMap { id in
            let shown = rig.now { rig.tree.attributes(inode: id, reply: $0) }
            return shown.flatMap { shown in
                shown.mode & S_IFMT == S_IFDIR
                    ? .success(id) : .failure(PosixError(ENOTDIR, name))
            }
        }
    }

    private mutating func openFile(_ path: [String]) -> String? {
        let flags = O_RDWR | [0, O_EXCL, O_TRUNC, 0][number(0...3)]
        let result = rig.create(path, flags: flags)
        var wanted: Int32 = 0
        switch model.parent(of: path) {
        case .failure(let error): wanted = error.number
        case .success(let folder):
            let name = path[path.count - 1]
            if let node = folder.children[name] {
                if flags & O_EXCL != 0 {
                    wanted = EEXIST
                } else if node.isFolder {
                    wanted = EISDIR
                } else if node.target != nil {
                    wanted = ELOOP
                } else if flags & O_TRUNC != 0 {
                    node.bytes = []
                }
            } else {
                folder.children[name] = Model.Node(isFolder: false)
            }
        }
        if case .success(let created) = result, let node = model.node(path) {
            open.append((created.opened.handle, node))
        }
        return differs("open \(path) \(flags)", result.errno ?? 0, wanted)
    }

    private mutating func write() throws -> String? {
        guard !open.isEmpty else { return nil }
        let (handle, node) = open[number(0...open.count - 1)]
        let (bytes, offset) = (bytes(), offset())
        try rig.write(handle, UInt64(offset), bytes)
        guard !bytes.isEmpty else { return nil }
        if node.bytes.count < offset + bytes.count {
            node.bytes += [UInt8](
                repeating: 0, count: offset + bytes.count - node.bytes.count)
        }
        node.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return nil
    }

    private mutating func read() throws -> String? {
        guard !open.isEmpty else { return nil }
        let (handle, node) = open[number(0...open.count - 1)]
        let (offset, count) = (offset(), number(1...100_000))
        let got = try rig.tree.readNow(handle, UInt64(offset), count)
        let wanted = node.bytes.dropFirst(offset).prefix(count)
        return got.map { $0.elementsEqual(wanted) } == true ? nil : "read \(offset) \(count)"
    }

    private mutating func resize() -> String? {
        let (path, size) = (path(), offset())
        guard let node = model.node(path), !node.isFolder, node.target == nil else { return nil }
        var changes = AttributeChanges()
        changes.size = UInt64(size)
        let result = rig.node(path).flatMap { id in
            rig.now { rig.tree.setAttributes(inode: id, changes, reply: $0) }
        }
        if size < node.bytes.count {
            node.bytes.removeSubrange(size...)
        } else {
            node.bytes += [UInt8](repeating: 0, count: size - node.bytes.count)
        }
        return differs("resize \(path)", result.errno ?? 0, 0)
    }

    private mutating func close() -> String? {
        guard !open.isEmpty else { return nil }
        let (handle, node) = open.remove(at: number(0...open.count - 1))
        // Also what has no name any more is read to its end.
        let bytes = try? rig.read(handle)
        try? rig.tree.flush(handle: handle)
        rig.tree.close(handle: handle)
        return bytes == node.bytes ? nil : "a file that is closed has other bytes"
    }

    private mutating func make(_ path: [String], folder isFolder: Bool) -> String? {
        let mode: UInt32 = isFolder ? [0o755, 0o700][number(0...1)] : 0o777
        let name = path[path.count - 1]
        let result = parent(path).flatMap { parent in
            rig.now { reply in
                isFolder
                    ? rig.tree.makeFolder(
                        parent: parent, name: name, Making(mode: mode), reply: reply)
                    : rig.tree.makeLink(
                        parent: parent, name: name, target: "to/\(name)", Making(mode: mode),
                        reply: reply)
            }
        }
        let node = Model.Node(isFolder: isFolder, mode: mode)
        if !isFolder { node.target = "to/\(name)" }
        return differs("make \(path)", result.errno ?? 0, model.make(path, node))
    }

    private func remove(_ path: [String], folder isFolder: Bool) -> String? {
        let name = path[path.count - 1]
        let result = parent(path).flatMap { parent in
            rig.now { reply in
                isFolder
                    ? rig.tree.removeFolder(parent: parent, name: name, reply: reply)
                    : rig.tree.remove(parent: parent, name: name, reply: reply)
            }
        }
        return differs(
            "remove \(path)", result.errno ?? 0, model.remove(path, folder: isFolder))
    }

    private func rename(_ from: [String], _ to: [String], _ flags: UInt32) -> String? {
        guard case .success(let source) = parent(from), case .success(let target) = parent(to),
            case .success = model.parent(of: from), case .success = model.parent(of: to)
        else { return nil }
        let (old, new) = (from[from.count - 1], to[to.count - 1])
        let result = rig.now {
            rig.tree.rename(
                from: source, name: old, to: target, newName: new, flags: flags, reply: $0)
        }
        return differs(
            "rename \(from) \(to) \(flags)", result.errno ?? 0, model.rename(from, to, flags))
    }
}
