import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// A drive as POSIX: nodes, handles, read-ahead, invalidation. No FUSE here.
///
/// Every operation answers through a callback: at once, on the caller's thread, when all it needs
/// is here; else later, from another thread, and then the `Pending` it returned can be cancelled.
/// A callback is called exactly once and must not use the tree's metadata operations: a metadata
/// answer is sent while the gate is held (see `Gate`).
///
/// Locks, in the order they may be nested: gate, table, inode. Feeds and drives lock for
/// themselves and call nobody.
public final class Tree: Sendable {
    /// The answer to one operation.
    public typealias Reply<T> = @Sendable (Result<T, PosixError>) -> Void

    /// What the kernel must forget, in the order it is told.
    public enum Invalidation: Sendable, Equatable {
        /// The name means something else now, or nothing.
        case entry(parent: UInt64, name: String)
        /// The name may mean something else: look it up again at the next use.
        case expiry(parent: UInt64, name: String)
        /// Attributes and the kept list of a folder.
        case listing(UInt64)
        /// Attributes only.
        case attributes(UInt64)
    }

    let configuration: Configuration
    let table: InodeTable
    let rootVolume: Volume
    let gate = Gate()
    let waits: Waits
    let listings = Listings()
    let files = HandleTable<OpenFile>()
    let directories = HandleTable<OpenDirectory>()
    private let volumeIDs = Atomic<UInt64>(2)
    private let invalidation = Mutex<(@Sendable (Invalidation) -> Void)?>(nil)
    private let isClosed = Atomic<Bool>(false)

    /// A tree of a drive: live, or one version of it.
    public init(drive: Drive, configuration: Configuration = Configuration()) {
        self.configuration = configuration
        waits = Waits(
            timeout: configuration.timeout,
            timeoutWithoutPeers: configuration.timeoutWithoutPeers)
        let staging = drive.isWritable ? configuration.stagingFolder : nil
        let writer = staging.map { Writer(drive, area: StagingArea(folder: $0)) }
        rootVolume = Volume(id: 1, drive: drive, writer: writer)
        let home = Inode.Location(volume: rootVolume, path: "/")
        table = InodeTable(
            root: Inode(id: 1, number: 1, parentNumber: 1, home: home, origin: home))
        follow(rootVolume)
        writer?.onCommit { [weak self] everything in
            guard let self else { return false }
            do {
                return try commit(rootVolume, everything: everything)
            } catch {
                self.configuration.note("what was written cannot be committed yet: \(error)")
                throw error
            }
        }
    }

    /// Tells what the kernel must forget, from any thread, never from inside an operation.
    public func onInvalidate(_ handler: @escaping @Sendable (Invalidation) -> Void) {
        invalidation.withLock { $0 = handler }
    }

    /// The kernel's node number of the root.
    public var root: UInt64 { table.root.id }

    /// The drive that is shown.
    public var drive: Drive { rootVolume.drive }

    /// The version that is shown, 0 while none is known.
    public var version: UInt64 { rootVolume.version }

    /// Operations that wait for blocks now.
    public var waitingCount: Int { waits.count }

    /// Nodes that the kernel knows.
    public var nodeCount: Int { table.count }

    /// Whether anything can be written.
    public var isWritable: Bool { rootVolume.writer != nil }

    /// Commits everything that was written, for the last time: later changes fail. Throws why
    /// something is not in the drive; it is lost then. Once is enough.
    public func finish() throws(PosixError) { try rootVolume.writer?.close() }

    /// Commits what was written, ends every wait with EINTR and stops following the drives.
    public func close() {
        do {
            try finish()
        } catch {
            configuration.note("what was written last is lost: \(error)")
        }
        isClosed.store(true, ordering: .sequentiallyConsistent)
        waits.close()
        for file in files.removeAll() { file.endReadAhead() }
        directories.removeAll()
        withdraw(rootVolume.run.drop(), of: rootVolume.knownContent)
    }

    var isOpen: Bool { !isClosed.load(ordering: .relaxed) }

    func invalidate(_ changes: [Invalidation]) {
        guard !changes.isEmpty, let handler = invalidation.withLock({ $0 }) else { return }
        for change in changes { handler(change) }
    }

    func newVolumeID() -> UInt64 { volumeIDs.add(1, ordering: .relaxed).newValue }

    func withdraw(_ demands: [DemandID], of feed: Feed?) {
        guard let network = feed?.network else { return }
        for demand in demands { network.withdraw(demand) }
    }
}

extension Tree {
    /// The folder whose disk holds the blocks; empty for a store in memory.
    public var storageFolder: String { rootVolume.drive.store.folder }
}
