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
        /// Attributes, and bytes that were written elsewhere.
        case content(UInt64, Range<UInt64>)
        /// Nodes, each behind those that are in it: whatever nobody uses of them. The last one has
        /// this name.
        case unused([UInt64], parent: UInt64, name: String)
    }

    let configuration: Configuration
    let table: InodeTable
    let rootVolume: Volume
    let gate: Gate
    private let writers: Writers
    /// Those that this tree has joined and not left.
    private let joined = Mutex<[PublicKey: Writer]>([:])
    /// The drives under it, when the root holds many.
    let roof: Roof?
    let waits: Waits
    let listings = Listings()
    let listingTurn = ListingTurn()
    let complaints = Complaints()
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
        writers = configuration.writers
        roof = configuration.network.map { Roof($0) }
        let isOwn = roof == nil && drive.isWritable
        let staging = isOwn ? configuration.stagingFolder : nil
        let writer = staging.map { [writers] in writers.join(drive, stagingFolder: $0) }
        // What can only be read is not held up by what others write.
        gate = configuration.stagingFolder == nil ? Gate() : writers.gate
        rootVolume = Volume(id: 1, drive: drive, writer: writer)
        let home = Inode.Location(volume: rootVolume, path: "/")
        table = InodeTable(
            root: Inode(id: 1, number: 1, parentNumber: 1, home: home, origin: home))
        if let writer { joined.withLock { $0[drive.key] = writer } }
        follow(rootVolume)
    }

    /// The writer of a drive that is nested in this tree; nil = it is read only.
    func writer(of drive: Drive) -> Writer? {
        guard let folder = configuration.stagingFolder, isOpen, drive.isWritable,
            configuration.mayWrite(drive.key)
        else { return nil }
        return joined.withLock { joined in
            if let writer = joined[drive.key] { return writer }
            let writer = writers.join(drive, stagingFolder: folder)
            joined[drive.key] = writer
            return writer
        }
    }

    /// Tells what the kernel must forget, from any thread; also from inside an operation on the
    /// same drive at another place, so that the handler must do nothing but note it.
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

    /// Files whose blocks somebody waits for, with their paths in their drives and for how long;
    /// the first of them.
    public var waitingReads: [(path: String, since: ContinuousClock.Instant)] {
        waits.reads(max: Limits.waitingReadsShown).compactMap { read in
            read.inode.places.map(\.path).min().map { ($0, read.since) }
        }
    }

    /// Nodes that the kernel knows.
    public var nodeCount: Int { table.count }

    /// Files and folders that are open.
    public var handleCount: Int { files.count + directories.count }

    /// Whether anything can be written.
    public var isWritable: Bool { rootVolume.writer != nil }

    /// Commits everything that was written, for the last time: later changes fail, unless another
    /// tree shows the drive. Throws why something is not in the drive; it is lost then. Once is
    /// enough.
    public func finish() throws(PosixError) {
        let joined = joined.withLock { joined in
            defer { joined = [:] }
            return joined.values
        }
        var failure: PosixError?
        for writer in joined {
            do throws(PosixError) {
                try writers.leave(writer)
            } catch {
                failure = failure ?? error
            }
            writer.showing.remove(self)
        }
        if let failure { throw failure }
    }

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
        roof?.close()
        withdraw(rootVolume.run.drop(), of: rootVolume.knownContent)
    }

    /// It was closed: nothing will be asked of it any more.
    public var isClosing: Bool { !isOpen }

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
    public var storageFolder: String {
        configuration.storageFolder ?? rootVolume.drive.store.folder
    }
}
