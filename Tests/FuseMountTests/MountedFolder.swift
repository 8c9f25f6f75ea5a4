import Corestore
import FileTree
import FuseMount
import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport
import Testing

/// A drive that is really mounted, and taken away again whatever happens.
final class MountedFolder: Sendable {
    static let time: UInt64 = 1_600_000_000_000

    let writer: Store
    let drive: Drive
    let peer: MemoryPeer
    let tree: Tree
    let mount: Mount
    let path: String
    private let folder: TemporaryFolder

    /// `isForeign`: mounted by somebody who has the key alone. `prepare` fills the drive before.
    init(
        isForeign: Bool = false, timeout: Duration = .seconds(600), readAhead: Int = 0,
        prepare: (Drive) throws -> Void
    ) throws {
        writer = Store(memory: SeededRandom(seed: 3))
        drive = try Drive.create(in: writer, name: "drive")
        try prepare(drive)
        let source = writer
        let peer = MemoryPeer { try? source.feed(key: $0) }
        self.peer = peer
        var configuration = Tree.Configuration()
        configuration.uid = getuid()
        configuration.gid = getgid()
        configuration.timeout = timeout
        configuration.timeoutWithoutPeers = timeout
        configuration.readAheadBytesMax = readAhead
        var shown = drive
        if isForeign {
            let reader = Store(memory: SeededRandom(seed: 4))
            reader.onOpen { $0.network = peer }
            shown = try Drive(store: reader, key: drive.key)
        }
        tree = Tree(drive: shown, configuration: configuration)
        folder = try TemporaryFolder()
        path = folder("mnt")
        try #require(mkdir(path, 0o755) == 0)
        mount = try Mount(tree: tree, at: path, options: Mount.Options(source: "hyper://test"))
    }

    deinit {
        tree.close()
        mount.unmount()
    }

    func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Takes the mount away and waits for it.
    func end() {
        mount.unmount()
        mount.wait()
    }
}

/// Whether this machine can mount. Elsewhere the tests say so and are skipped, but fail on CI.
enum Fuse {
    static let isHere: Bool = {
        let isHere = access("/dev/fuse", R_OK | W_OK) == 0 && canMount
        if !isHere {
            print("no FUSE on this machine (/dev/fuse and the right to mount): tests skipped")
        }
        return isHere || ProcessEnvironment.isCI
    }()

    private static var canMount: Bool {
        geteuid() == 0 || access("/usr/bin/fusermount3", X_OK) == 0
            || access("/bin/fusermount3", X_OK) == 0
    }
}
