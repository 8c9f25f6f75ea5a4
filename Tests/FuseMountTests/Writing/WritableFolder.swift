import Corestore
import FileTree
import FuseMount
import Glibc
import Hyperdrive
import Synchronization
import TestSupport
import Testing

/// An own drive in a real store, mounted writable, as often as one likes.
final class WritableFolder: Sendable {
    let path: String
    let store: Store
    let drive: Drive
    private let folder: TemporaryFolder
    private let showsOwners: Bool
    private let current = Mutex<(tree: Tree, mount: Mount)?>(nil)

    init(showsOwners: Bool = true) throws {
        folder = try TemporaryFolder()
        self.showsOwners = showsOwners
        path = folder("mnt")
        try #require(mkdir(path, 0o755) == 0)
        store = try Store(folder: folder("store"))
        drive = try Drive.create(in: store, name: "drive")
    }

    deinit { try? unmount() }

    var tree: Tree? { current.withLock { $0?.tree } }

    func callAsFunction(_ name: String) -> String { path + "/" + name }

    func mount() async throws {
        var configuration = Tree.Configuration()
        configuration.uid = getuid()
        configuration.gid = getgid()
        configuration.showsOwners = showsOwners
        configuration.stagingFolder = folder("store/hyperfs/staging")
        let tree = Tree(drive: drive, configuration: configuration)
        var options = Mount.Options(source: "hyper://test")
        options.readOnly = false
        let mount = try Mount(tree: tree, at: path, options: options)
        current.withLock { $0 = (tree, mount) }
    }

    /// Away, with everything in the drive.
    func unmount() throws {
        guard let (tree, mount) = current.withLock({ $0.take() }) else { return }
        mount.unmount()
        mount.wait()
        defer { tree.close() }
        try tree.finish()
    }

    func remount() async throws {
        try unmount()
        try await mount()
    }

    /// Runs a script in the folder; nothing may fail.
    func run(
        _ script: String, home: TemporaryFolder, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await Shell.run(
            "set -e; export HOME=\(home.path) LC_ALL=C; cd \(path); \(script)")
        #expect(result.status == 0, "\(result.output)", sourceLocation: sourceLocation)
        return result.output
    }
}
