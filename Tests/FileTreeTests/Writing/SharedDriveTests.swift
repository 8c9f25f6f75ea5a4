import Corestore
import FileTree
import Glibc
import Hyperdrive
import TestSupport
import Testing

/// One drive at several places of a process: mounted twice, nested twice, changed past the mounts.
@Suite(.timeLimit(.minutes(1)))
struct SharedDriveTests {
    /// Whatever is changed at one place is there at all of them at once, and no kernel believes
    /// anything of before.
    @Test func everyPlaceShowsTheSameAtOnce() async throws {
        var random = SeededRandom.announced()
        let rig = try SharedRig()
        let model = Model()
        for step in 0..<700 {
            let problem = try rig.take(&random, model)
            #expect(problem == nil, "step \(step)")
            if step % 3 == 0 {
                let wanted = model.snapshot()
                for place in rig.places {
                    let shown = try place.kernel.snapshot(below: place.path)
                    #expect(shown == wanted, "step \(step), \(place.path)")
                    if shown != wanted { return }
                }
            }
            if step % 50 == 49 {
                try rig.writers.commit()
                #expect(try WritingRig.snapshot(of: rig.drive) == model.snapshot())
            }
        }
        rig.end()
        #expect(try WritingRig.snapshot(of: rig.drive) == model.snapshot())
    }

    /// The parent has nothing to do with what is written in a drive that is nested in it.
    @Test func anOwnNestedDriveIsWrittenThroughItsParent() throws {
        let rig = try SharedRig()
        let kernel = rig.places[1].kernel
        let version = rig.outer.version
        #expect(try kernel.makeFolder(["x", "docs"]) == 0)
        #expect(try kernel.write(["x", "docs", "f"], [1, 2, 3], at: 0, flags: 0) == 0)
        rig.end()
        #expect(try rig.drive.read("/docs/f") == [1, 2, 3])
        #expect(rig.outer.version == version)
    }

    @Test func betweenTwoDrivesOneCopies() throws {
        let rig = try SharedRig()
        let kernel = rig.places[1].kernel
        #expect(try kernel.write(["x", "f"], [1], at: 0, flags: 0) == 0)
        #expect(try kernel.write(["g"], [1], at: 0, flags: 0) == 0)
        #expect(try kernel.rename(["x", "f"], ["f"], 0) == EXDEV)
        #expect(try kernel.rename(["g"], ["x", "g"], 0) == EXDEV)
        // The same drive at two places is two devices.
        #expect(try kernel.rename(["x", "f"], ["deep", "y", "f"], 0) == EXDEV)
        #expect(try kernel.rename(["x"], ["z"], 0) == EBUSY)
        #expect(try kernel.remove(["x"], folder: true) == EBUSY)
    }

    @Test func foreignAndPinnedDrivesStayAsTheyAre() throws {
        let rig = try SharedRig()
        let stranger = try Rig(seed: 900)
        try stranger.write("/f", "x")
        let edits: [Drive.Edit] = [
            .mount(
                path: "/pinned", key: rig.drive.key, version: rig.drive.version,
                stat: .directory(mtime: 1)),
            .mount(
                path: "/foreign", key: stranger.drive.key, version: nil,
                stat: .directory(mtime: 1)),
        ]
        try rig.outer.apply(edits)
        try rig.writers.commit()
        let kernel = rig.places[1].kernel
        let tree = kernel.tree
        for name in ["pinned", "foreign"] {
            let node = try #require(try kernel.node([name]))
            let made = askNow {
                tree.makeFolder(parent: node, name: "new", Making(mode: 0o755), reply: $0)
            }
            #expect(made?.errno == EROFS)
        }
        // The place itself is the parent's.
        #expect(try kernel.setMode(["foreign"], 0o700) == 0)
    }

    /// A shared folder's drive belongs to the folder, wherever it is nested.
    @Test func aDriveThatMayNotBeWrittenIsNot() throws {
        let rig = try SharedRig(mayWrite: false)
        let kernel = rig.places[1].kernel
        #expect(try kernel.makeFolder(["x", "new"]) == EROFS)
        #expect(try kernel.makeFolder(["new"]) == 0)
    }

    @Test func aNestedRootIsAsNewAsWhatHappensInIt() throws {
        let rig = try SharedRig()
        let kernel = rig.places[1].kernel
        let tree = kernel.tree
        func time() throws -> UInt64 {
            let found = askNow { tree.lookup(parent: tree.root, name: "x", reply: $0) }
            return try #require(found).get().mtime
        }
        let before = try time()
        #expect(before == 1)
        #expect(try kernel.makeFolder(["x", "new"]) == 0)
        #expect(try time() > before)
    }

    /// What is open at one place goes on there when it is removed at another.
    @Test func aFileRemovedElsewhereStaysOpen() throws {
        let rig = try SharedRig()
        let (first, second) = (rig.places[0].kernel, rig.places[1].kernel)
        #expect(try first.write(["f"], [1, 2, 3], at: 0, flags: 0) == 0)
        let node = try #require(try second.node(["x", "f"]))
        let tree = second.tree
        let handle = try #require(askNow { tree.open(inode: node, flags: O_RDWR, reply: $0) })
            .get().handle
        #expect(try first.remove(["f"], folder: false) == 0)
        #expect(try second.node(["x", "f"]) == nil)
        #expect(try tree.readNow(handle, 0, 10) == [1, 2, 3])
        tree.close(handle: handle)
    }

    /// The last to leave commits; the others go on.
    @Test func oneMountEndsAndTheOtherGoesOn() throws {
        let rig = try SharedRig()
        let (first, second) = (rig.places[0].kernel, rig.places[1].kernel)
        #expect(try first.write(["a"], [1], at: 0, flags: 0) == 0)
        first.tree.close()
        #expect(try rig.drive.read("/a") == [1])
        #expect(try second.write(["x", "b"], [2], at: 0, flags: 0) == 0)
        rig.end()
        #expect(try rig.drive.read("/b") == [2])
    }
}

/// A drive that is mounted twice and nested in another, twice.
final class SharedRig {
    let drive: Drive
    let outer: Drive
    let writers = Writers()
    let places: [(kernel: Kernel, path: [String])]
    private let trees: [Tree]
    private let folder: TemporaryFolder

    init(mayWrite: Bool = true) throws {
        let store = Store(memory: SeededRandom(seed: 70))
        let drive = try Drive.create(in: store, name: "drive")
        outer = try Drive.create(in: store, name: "outer")
        folder = try TemporaryFolder()
        let nested = ["/x", "/deep/y"].map {
            Drive.Edit.mount(
                path: $0, key: drive.key, version: nil, stat: .directory(mtime: 1))
        }
        try outer.apply(nested)
        var configuration = Tree.Configuration()
        configuration.writers = writers
        configuration.stagingFolder = folder("staging")
        configuration.mayWrite = { _ in mayWrite }
        let again = try Drive(store: store, key: drive.key)
        trees = [drive, outer, again].map { Tree(drive: $0, configuration: configuration) }
        let kernels = trees.map { Kernel($0) }
        places = [
            (kernels[0], []), (kernels[1], ["x"]), (kernels[1], ["deep", "y"]), (kernels[2], []),
        ]
        self.drive = drive
    }

    /// Everything goes into the drives.
    func end() { for tree in trees { tree.close() } }

    deinit { end() }

    /// One random step at a random place; what is not as in the model.
    func take(_ random: inout SeededRandom, _ model: Model) throws -> String? {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func path() -> [String] {
            (0..<[1, 1, 2, 3][number(0...3)]).map { _ in ["a", "b", "c"][number(0...2)] }
        }
        let (kernel, top) = places[number(0...places.count - 1)]
        let at = path()
        switch number(0...9) {
        case 0...3: return try write(&random, model, at)
        case 4:
            let result = try kernel.makeFolder(top + at)
            let folder = Model.Node(isFolder: true, mode: 0o755)
            return differs("mkdir \(at)", result, model.make(at, folder))
        case 5...6:
            let isFolder = number(0...1) == 0
            let result = try kernel.remove(top + at, folder: isFolder)
            return differs("remove \(at)", result, model.remove(at, folder: isFolder))
        case 7:
            let mode: UInt32 = [0o700, 0o755, 0o600][number(0...2)]
            let result = try kernel.setMode(top + at, mode)
            guard let node = model.node(at) else { return result == 0 ? "chmod \(at)" : nil }
            node.mode = mode
            return differs("chmod \(at)", result, 0)
        default:
            let to = path()
            let flags: UInt32 = [0, 0, 1, 2][number(0...3)]
            guard model.node(at.dropLast())?.isFolder == true,
                model.node(to.dropLast())?.isFolder == true
            else { return nil }
            let result = try kernel.rename(top + at, top + to, flags)
            return differs("rename \(at) \(to) \(flags)", result, model.rename(at, to, flags))
        }
    }

    /// At a mount, or past all of them.
    private func write(
        _ random: inout SeededRandom, _ model: Model, _ at: [String]
    ) throws -> String? {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        guard let folder = model.node(at.dropLast()), folder.isFolder else { return nil }
        let name = at[at.count - 1]
        if let node = folder.children[name], node.isFolder { return nil }
        let bytes = pattern(number(1...3000), seed: random.next())
        if number(0...4) == 0 {
            try writers.commit()
            let stat = model.node(at)?.mode ?? 0o644
            try drive.writeFile("/" + at.joined(separator: "/"), bytes, mode: stat, mtime: 5)
            try writers.commit()
            let node = Model.Node(isFolder: false, mode: stat)
            node.bytes = bytes
            folder.children[name] = node
            return nil
        }
        let (kernel, top) = places[number(0...places.count - 1)]
        let offset = number(0...2000)
        let empties = number(0...2) == 0
        let result = try kernel.write(top + at, bytes, at: offset, flags: empties ? O_TRUNC : 0)
        let node = folder.children[name] ?? Model.Node(isFolder: false)
        folder.children[name] = node
        if empties { node.bytes = [] }
        let missing = offset + bytes.count - node.bytes.count
        if missing > 0 { node.bytes += [UInt8](repeating: 0, count: missing) }
        node.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return differs("write \(at)", result, 0)
    }

    private func differs(_ what: String, _ our: Int32, _ their: Int32) -> String? {
        // Which of two reasons comes first may differ here: the kernel checks parents itself.
        (our == 0) == (their == 0) ? nil : "\(what): \(our), in the model \(their)"
    }
}
