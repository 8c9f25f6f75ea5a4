import Corestore
import FileTree
import Glibc
import HyperCrypto
import Hyperdrive
import Synchronization
import TestSupport
import Testing

/// Many drives under one root.
@Suite(.timeLimit(.minutes(1)))
struct NetworkTreeTests {
    /// How often each drive was used, less how often it was let go.
    private final class Uses: Sendable {
        private let counts = Mutex<[PublicKey: Int]>([:])

        func add(_ drive: Drive, _ count: Int) {
            counts.withLock { $0[drive.key, default: 0] += count }
        }

        subscript(_ drive: Drive) -> Int { counts.withLock { $0[drive.key] ?? 0 } }
    }

    /// A root that opens the drives of the rig's reader; own drives may be written.
    private func tree(
        _ rig: Rig, _ folder: TemporaryFolder, _ uses: Uses = Uses()
    ) throws -> Tree {
        var configuration = Tree.Configuration()
        configuration.timeoutWithoutPeers = .milliseconds(50)
        configuration.timeout = .milliseconds(50)
        configuration.stagingFolder = folder("staging")
        let reader = rig.reader
        configuration.network = Tree.Network { name in
            guard let key = PublicKey(hex: name) else { throw PosixError(ENOENT, "no key") }
            return try Drive(store: reader, key: key)
        } use: {
            uses.add($0, 1)
        } letGo: { drive, _ in
            uses.add(drive, -1)
        }
        let standIn = try Drive.create(in: Store(memory: SeededRandom(seed: 5)))
        return Tree(drive: standIn, configuration: configuration)
    }

    @Test func aKeyIsAFolderAndIsListedOnceItWasTouched() async throws {
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        try rig.write("/docs/a", "far away")
        let tree = try tree(rig, folder)
        defer { tree.close() }
        let name = rig.drive.key.hex
        #expect(try await tree.names("/").isEmpty)
        #expect(try await tree.text("/\(name)/docs/a") == "far away")
        #expect(try await tree.names("/") == [name])
        #expect(try await tree.attribute("/" + name, "user.hyperfs.key") == name)
        let node = try await tree.find("/\(name)/docs").node
        let made = await ask {
            tree.makeFolder(parent: node, name: "new", Making(mode: 0o755), reply: $0)
        }
        #expect(made.errno == EROFS)
        let root = tree.root
        let atRoot = await ask {
            tree.makeFolder(parent: root, name: "new", Making(mode: 0o755), reply: $0)
        }
        #expect(atRoot.errno == EROFS)
    }

    @Test func anOwnDriveIsWrittenThere() async throws {
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        let own = try Drive.create(in: rig.reader, name: "own")
        let tree = try tree(rig, folder)
        let node = try await tree.find("/" + own.key.hex).node
        try await ask {
            tree.makeFolder(parent: node, name: "new", Making(mode: 0o755), reply: $0)
        }.map { _ in }.get()
        tree.close()
        #expect(try own.list("/").map(\.name) == ["new"])
    }

    /// A key that nobody has ends in ENOENT, is not believed for long, and holds nobody up.
    @Test func whatNobodyHasIsNotThere() async throws {
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        let own = try Drive.create(in: rig.reader, name: "own")
        let tree = try tree(rig, folder)
        defer { tree.close() }
        let root = tree.root
        #expect(
            await ask { tree.lookup(parent: root, name: "readme", reply: $0) }.errno == ENOENT)
        let unknown = Blake2b.hash32([1]).hex
        async let missing = ask { tree.lookup(parent: root, name: unknown, reply: $0) }
        #expect(try await tree.find("/" + own.key.hex).mode & S_IFMT == S_IFDIR)
        #expect(await missing.errno == ENOENT)
        #expect(try await tree.names("/") == [own.key.hex])
        #expect(tree.absenceValidSeconds(parent: root) == 0)
        let node = try await tree.find("/" + own.key.hex).node
        #expect(tree.absenceValidSeconds(parent: node) > 0)
    }

    @Test func idleDrivesAreLetGo() async throws {
        let (rig, folder, uses) = (try Rig(), try TemporaryFolder(), Uses())
        let own = try Drive.create(in: rig.reader, name: "own")
        try own.writeFile("/d/f", [1], mtime: 5)
        let tree = try tree(rig, folder, uses)
        defer { tree.close() }
        let changes = Changes(of: tree)
        let name = own.key.hex
        let handle = try await tree.openFile("/\(name)/d/f")
        #expect(uses[own] == 1)
        tree.letGoOfIdleDrives(now: .now + .seconds(3600))
        #expect(try await tree.names("/") == [name], "a file is open")
        tree.close(handle: handle)
        let place = try await tree.find("/\(name)")
        let node = try await tree.find("/\(name)/d").node
        let file = try await tree.find("/\(name)/d/f").node
        tree.letGoOfIdleDrives(now: .now + .seconds(7200))
        let told = Tree.Invalidation.unused(
            [file, node, place.node], parent: tree.root, name: name)
        #expect(changes.all.contains(told))
        #expect(try await tree.names("/") == [name], "the kernel knows it")
        for node in [file, node, place.node] { tree.forget(inode: node, count: 10) }
        tree.letGoOfIdleDrives(now: .now + .seconds(9000))
        #expect(try await tree.names("/").isEmpty)
        #expect(uses[own] == 0)
        #expect(changes.all.last == .listing(tree.root))
        #expect(try await tree.text("/\(name)/d/f") == "\u{1}")
        #expect(try await tree.find("/\(name)").inode == place.inode)
        #expect(uses[own] == 1)
    }

    /// A shell stands in a folder: the kernel does not forget it, and it goes on.
    @Test func whereSomebodyStandsNothingIsLetGo() async throws {
        let (rig, folder, uses) = (try Rig(), try TemporaryFolder(), Uses())
        try rig.write("/docs/a", "far away")
        let tree = try tree(rig, folder, uses)
        let changes = Changes(of: tree)
        let name = rig.drive.key.hex
        let place = try await tree.find("/\(name)").node
        let node = try await tree.find("/\(name)/docs").node
        let told = Tree.Invalidation.unused([node, place], parent: tree.root, name: name)
        for hour in 1...5 {
            tree.letGoOfIdleDrives(now: .now + .seconds(3600 * hour))
            #expect(changes.all.count { $0 == told } == hour)
        }
        #expect(uses[rig.drive] == 1)
        let found = try await ask { tree.lookup(parent: node, name: "a", reply: $0) }.get()
        #expect(found.size == 8)
        tree.close()
        #expect(uses[rig.drive] == 0)
    }

    @Test func whatWasLetGoLeavesTheMemory() async throws {
        let (rig, folder, uses) = (try Rig(), try TemporaryFolder(), Uses())
        try rig.write("/docs/a", "far away")
        let tree = try tree(rig, folder, uses)
        defer { tree.close() }
        let path = "/\(rig.drive.key.hex)/docs/a"
        let before = try await tree.find(path).inode
        weak let feed = try rig.reader.feed(key: rig.drive.key)
        let key = rig.drive.key.discoveryKey
        for node in 2..<UInt64(100) { tree.forget(inode: node, count: 100) }
        #expect(tree.nodeCount == 1)
        #expect(rig.reader.closeUnused([key]) == [key], "it is listed")
        tree.letGoOfIdleDrives(now: .now + .seconds(3600))
        // Whoever followed it may hold it for a moment.
        while !rig.reader.closeUnused([key]).isEmpty { await Task.yield() }
        #expect(feed == nil)
        #expect(uses[rig.drive] == 0)
        #expect(try await tree.find(path).inode == before)
        #expect(uses[rig.drive] == 1)
    }

    @Test func whatWaitsToBeCommittedIsNotLetGo() async throws {
        let (rig, folder, uses) = (try Rig(), try TemporaryFolder(), Uses())
        let own = try Drive.create(in: rig.reader, name: "own")
        let tree = try tree(rig, folder, uses)
        defer { tree.close() }
        let place = "/" + own.key.hex
        let node = try await tree.find(place).node
        // As long as somebody else writes to the drive nothing is committed.
        let batch = try own.metadata.beginBatch()
        try await ask {
            tree.makeFolder(parent: node, name: "new", Making(mode: 0o755), reply: $0)
        }.map { _ in }.get()
        for node in 2..<UInt64(100) { tree.forget(inode: node, count: 100) }
        tree.letGoOfIdleDrives(now: .now + .seconds(3600))
        #expect(uses[own] == 1)
        batch.cancel()
        var now = ContinuousClock.now + .seconds(3600)
        while uses[own] > 0 {
            now += .seconds(3600)
            tree.letGoOfIdleDrives(now: now)
            await Task.yield()
        }
        #expect(try await tree.names(place) == ["new"])
    }

    @Test func noMoreAreOpenThanTheLimit() async throws {
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        let tree = try tree(rig, folder)
        defer { tree.close() }
        // A kernel that does as it is told.
        tree.onInvalidate { [weak tree] in
            guard case .unused(let nodes, _, _) = $0 else { return }
            for node in nodes { tree?.forget(inode: node, count: 10) }
        }
        var random = SeededRandom(seed: 8)
        for number in 0..<300 {
            let own = try Drive.create(in: rig.reader, name: "own\(number)")
            _ = try await tree.find("/" + own.key.hex)
        }
        #expect(try await tree.names("/").count <= 256)
        let unknown = random.bytes32().hex
        let root = tree.root
        #expect(
            await ask { tree.lookup(parent: root, name: unknown, reply: $0) }.errno == ENOENT)
    }
}
