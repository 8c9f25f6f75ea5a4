import Corestore
import FileTree
import FuseMount
import Glibc
import HyperCrypto
import Hyperdrive

/// `mount --network`: the key of any drive is a folder, opened when it is first touched.
extension MountedDrive {
    /// Mounts; returns once the folder answers. Throws NodeError `.mountpointUnusable`,
    /// `.fuseUnavailable`.
    convenience init(
        networkAt mountpoint: String, options: Options, in engine: Engine
    ) async throws {
        let subject = "mounting on \(mountpoint)"
        let isWritable = !options.readOnly
        // The root needs a drive to stand on; nobody sees it.
        let drive = try Drive.create(in: Store(memory: SystemRandom()))
        var configuration = Self.configuration(
            options, isWritable: isWritable, of: drive, in: engine)
        configuration.network = Tree.Network { [weak engine] name in
            guard let engine else { throw NodeError.ending }
            return try Self.open(name, in: engine)
        } use: { [weak engine] drive in
            engine?.use(drive)
        } letGo: { [weak engine] drive, entered in
            engine?.letGo(drive, entered)
        }
        configuration.storageFolder = engine.configuration.store
        let tree = Tree(drive: drive, configuration: configuration)
        var mountOptions = Self.mountOptions(options, nil)
        mountOptions.readOnly = !isWritable
        let mount: Mount
        do {
            mount = try await onThread("mount") { [mountOptions] in
                try Mount(tree: tree, at: mountpoint, options: mountOptions)
            }
        } catch {
            tree.close()
            throw NodeError(error, while: subject)
        }
        self.init(
            drive, at: mountpoint, notes: mount.notes, isNetwork: true, tree, mount)
        // Also while nobody looks.
        Task.detached { [weak tree, weak engine] in
            while tree?.isClosing == false {
                tree?.letGoOfIdleDrives()
                engine?.closeIdleFeeds()
                try? await Task.sleep(for: Limits.idleDrivesTick)
            }
        }
    }

    /// Lets go of the drives that nobody has used in a while, as if it were `now`.
    func letGoOfIdleDrives(now: ContinuousClock.Instant) { tree.letGoOfIdleDrives(now: now) }

    /// A key, in hexadecimal digits or z-base-32, with or without a version. Names of this store
    /// are no keys: a folder that means something else on each machine would be in no script.
    private static func open(_ name: String, in engine: Engine) throws -> Drive {
        let reference = try DriveReference(name)
        guard case .key(let key) = reference.drive, reference.path == "/" else {
            throw NodeError(
                .notFound, "\(name) is not a key", hint: "a key has 64 hexadecimal digits")
        }
        return try Drive(store: engine.store, key: key, version: reference.version)
    }
}
