import Corestore
import FileTree
import Glibc
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

/// Many drives under one root.
@Suite(.timeLimit(.minutes(1)))
struct NetworkTreeTests {
    /// A root that opens the drives of the rig's reader; own drives may be written.
    private func tree(_ rig: Rig, _ folder: TemporaryFolder) throws -> Tree {
        var configuration = Tree.Configuration()
        configuration.timeoutWithoutPeers = .milliseconds(50)
        configuration.timeout = .milliseconds(50)
        configuration.stagingFolder = folder("staging")
        let reader = rig.reader
        configuration.network = Tree.Network { name in
            guard let key = PublicKey(hex: name) else { throw PosixError(ENOENT, "no key") }
            return try Drive(store: reader, key: key)
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
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        let own = try Drive.create(in: rig.reader, name: "own")
        try own.writeFile("/f", [1], mtime: 5)
        let tree = try tree(rig, folder)
        defer { tree.close() }
        let changes = Changes(of: tree)
        let name = own.key.hex
        let handle = try await tree.openFile("/\(name)/f")
        tree.letGoOfIdleDrives(now: .now + .seconds(3600))
        #expect(try await tree.names("/") == [name], "a file is open")
        tree.close(handle: handle)
        tree.letGoOfIdleDrives(now: .now + .seconds(7200))
        #expect(try await tree.names("/").isEmpty)
        #expect(changes.all.contains(.entry(parent: tree.root, name: name)))
        #expect(try await tree.text("/\(name)/f") == "\u{1}")
    }

    @Test func noMoreAreOpenThanTheLimit() async throws {
        let (rig, folder) = (try Rig(), try TemporaryFolder())
        let tree = try tree(rig, folder)
        defer { tree.close() }
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
