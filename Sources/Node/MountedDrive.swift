import FileTree
import FuseMount
import Glibc
import HyperCrypto
import Hyperdrive

/// A drive as a folder of this machine, until somebody unmounts it.
public final class MountedDrive: Sendable {
    /// How it is mounted.
    public struct Options: Sendable, Equatable {
        /// Other users may look, too.
        public var allowOther = false
        /// `-o` options for the kernel.
        public var extra: [String] = []
        /// Nothing may be written, even if the drive is ours.
        public var readOnly = false
        /// Shows the owners that the drive has, instead of whoever mounts.
        public var showsOwners = false
        /// Bytes fetched ahead of a sequential reader at most.
        public var readAheadBytes: Int?
        /// Bytes of other people's files that the store keeps at most; `nil`: as was said before.
        public var cacheBytes: UInt64?
        /// Any drive by its key, instead of one.
        public var isNetwork = false
        /// How long a reader waits for a block; nil: as the node's configuration says.
        public var timeout: Duration?

        /// Only for the mounting user.
        public init() {}
    }

    /// The drive.
    public let drive: Drive
    /// Absolute.
    public let mountpoint: String
    /// What was done to the mountpoint first, and why an own drive is not writable, for people.
    public let notes: [String]
    /// It shows any drive under its key; `drive` is a stand-in then.
    public let isNetwork: Bool
    /// Whether it can be written.
    public var isWritable: Bool { tree.isWritable }
    let tree: Tree
    private let mount: Mount

    /// Mounts; returns once the folder answers. Throws NodeError `.notFound` when nobody has the
    /// drive, `.mountpointUnusable`, `.fuseUnavailable`.
    public init(
        _ reference: DriveReference, at mountpoint: String, options: Options, in engine: Engine
    ) async throws {
        try Self.checkWhole(reference, mountpoint)
        let key = try engine.key(of: reference)
        let subject = "mounting \(reference)"
        let drive: Drive
        do {
            drive = try Drive(store: engine.store, key: key, version: reference.version)
        } catch {
            throw NodeError(error, while: subject)
        }
        self.drive = drive
        self.mountpoint = mountpoint
        isNetwork = false
        engine.follow(drive.metadata)
        engine.exchange(drive)
        // Nothing is mounted before the drive has shown itself: an empty folder that never fills
        // says nothing of a wrong key.
        _ = try await engine.fetching(subject, within: options.timeout) {
            _ = try drive.content()
        }
        let folder = engine.registry.folder(of: key)
        let isWritable = drive.isWritable && !options.readOnly && folder == nil
        if let bytes = options.cacheBytes { engine.cache.limit(to: bytes) }
        let tree = Tree(
            drive: drive,
            configuration: Self.configuration(
                options, isWritable: isWritable, of: drive, in: engine))
        self.tree = tree
        var mountOptions = Self.mountOptions(options, key)
        mountOptions.readOnly = !isWritable
        do {
            mount = try await onThread("mount") { [mountOptions] in
                try Mount(tree: tree, at: mountpoint, options: mountOptions)
            }
        } catch {
            tree.close()
            throw NodeError(error, while: subject)
        }
        var notes = mount.notes
        if let folder, !options.readOnly {
            notes.append("read-only: this drive is kept like \(folder); change the files there")
        }
        self.notes = notes + Self.warnings(drive, options)
    }

    /// What `init` of the extensions has made.
    init(
        _ drive: Drive, at mountpoint: String, notes: [String], isNetwork: Bool, _ tree: Tree,
        _ mount: Mount
    ) {
        self.drive = drive
        self.mountpoint = mountpoint
        self.notes = notes
        self.isNetwork = isNetwork
        self.tree = tree
        self.mount = mount
    }

    static func configuration(
        _ options: Options, isWritable: Bool, of drive: Drive, in engine: Engine
    ) -> Tree.Configuration {
        var configuration = Tree.Configuration()
        if isWritable { configuration.write(in: engine) }
        configuration.showsOwners = options.showsOwners
        (configuration.timeout, configuration.timeoutWithoutPeers) =
            engine.patience(options.timeout)
        configuration.uid = getuid()
        configuration.gid = getgid()
        if let bytes = options.readAheadBytes { configuration.readAheadBytesMax = bytes }
        if let cap = engine.cache.limit {
            // What is fetched ahead counts as used: more of it than the cache may hold would push
            // out what is read, and come back each time it was dropped itself.
            configuration.readAheadBytesMax = min(
                configuration.readAheadBytesMax, Int(clamping: cap / 4))
        }
        configuration.status = { [weak engine] in engine?.status(of: drive).text ?? [] }
        configuration.peers = { [weak engine] in engine?.peerList.text ?? [] }
        let logger = engine.configuration.logger
        configuration.note = { logger.info("\($0)") }
        configuration.warn = { logger.warning("\($0)") }
        return configuration
    }

    private static func checkWhole(
        _ reference: DriveReference, _ mountpoint: String
    ) throws(NodeError) {
        guard reference.path != "/" else { return }
        throw NodeError(
            .usage, "'\(reference)' names a folder in a drive; only whole drives can be mounted",
            hint: "mount the drive and use \(mountpoint)\(reference.path)")
    }

    /// Whether a drive could be mounted there, before a store or a peer is bothered. Returns what
    /// was mended, for people.
    public static func check(_ mountpoint: String, _ options: Options) throws -> [String] {
        do {
            return try Mount.check(mountpoint, options: mountOptions(options, nil))
        } catch {
            throw NodeError(error, while: "mounting on \(mountpoint)")
        }
    }

    private static func warnings(_ drive: Drive, _ options: Options) -> [String] {
        guard let refusal = drive.metadata.refusal, !options.readOnly else { return [] }
        return ["read-only: \(refusal.message)"]
    }

    static func mountOptions(_ options: Options, _ key: PublicKey?) -> Mount.Options {
        let digits = key.map { "\($0)" } ?? ""
        var mountOptions = Mount.Options(source: "hyper://\(digits)\u{2026}")
        mountOptions.allowOther = options.allowOther
        mountOptions.extra = options.extra
        return mountOptions
    }

    /// Returns once it is unmounted, by us or by anybody, and everything written is durable.
    /// Throws NodeError when something written could not be kept.
    public func wait() async throws {
        do {
            await withCheckedContinuation { continuation in
                mount.afterEnd { continuation.resume() }
            }
            try await onThreadOrHere("mount-end") { [tree] in
                defer { tree.close() }
                try tree.finish()
            }
        } catch let error as PosixError {
            throw NodeError(
                .failed, "what was written last to \(mountpoint) is lost: \(error.message)",
                hint: "see that the disk of the store has space; what was synced is safe")
        }
    }

    /// Nodes that the kernel knows, and operations that wait for blocks now.
    /// What reads wait for: files and since how many milliseconds.
    var waitingReads: JSONValue {
        .array(
            tree.waitingReads.map { read in
                let waited = read.since.duration(to: .now) / .milliseconds(1)
                return [
                    "path": .string(read.path), "milliseconds": .number(UInt64(max(0, waited))),
                ]
            })
    }

    var load: (nodes: Int, handles: Int, waiting: Int) {
        (tree.nodeCount, tree.handleCount, tree.waitingCount)
    }

    /// Unmounts. Any thread.
    public func unmount() { mount.unmount() }

    /// The same as umount does it: throws NodeError while it is in use.
    public func unmountUnlessInUse() throws {
        do {
            try mount.unmountUnlessInUse()
        } catch {
            throw NodeError(error, while: "unmounting \(mountpoint)")
        }
    }
}

extension Engine {
    /// The key behind what was typed. Throws NodeError `.notFound` for a name that nobody gave.
    public func key(of reference: DriveReference) throws(NodeError) -> PublicKey {
        try reference.key(in: registry, of: configuration.store)
    }
}

extension Tree.Configuration {
    /// Own drives may be written, but not those that are kept like a folder.
    mutating func write(in engine: Engine) {
        writers = engine.writers
        mayWrite = { [weak engine] in engine?.registry.folder(of: $0) == nil }
        stagingFolder = engine.configuration.store + "/hyperfs/staging"
    }
}
