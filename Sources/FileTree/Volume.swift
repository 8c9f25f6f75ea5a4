import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// One drive at one place of a tree: the outermost, a nested one, or an old version.
///
/// Its `showing` says which version is seen there.
final class Volume: Sendable {
    /// Names the volume for as long as the tree lives.
    let id: UInt64
    /// The drive as it was opened: live, or a fixed version.
    let drive: Drive
    /// Drives from the outermost down to this one: entering one of them again is a cycle.
    let chain: [Identity]
    /// What a user may call the device number.
    let device: UInt64
    let run = FileRun()
    /// What makes it writable; nil = it is read-only. All volumes of one drive share it.
    let writer: Writer?
    /// Which version is shown.
    let showing: Showing
    /// What the drive it is in, or it is itself, is called under a roof; nil = there is none.
    let roofName: String?
    /// Mixed into the inode numbers, so that one drive nested twice has two sets of them.
    private let seed: Bytes32
    private let knownFeed = Mutex<Feed?>(nil)
    /// When the outermost drive is let go, so are those that were entered from it.
    let entered: Entered

    struct Identity: Hashable, Sendable {
        let key: PublicKey
        let version: UInt64?
    }

    init(
        id: UInt64, drive: Drive, chain: [Identity] = [], at path: String = "",
        in outer: Bytes32? = nil, writer: Writer? = nil, under roofName: String? = nil,
        entered: Entered = Entered()
    ) {
        self.entered = entered
        self.id = id
        self.roofName = roofName
        self.writer = writer
        self.drive = drive
        let identity = Identity(key: drive.key, version: drive.checkoutVersion)
        self.chain = chain + [identity]
        var message = drive.key.raw.bytes
        message += Array("\(identity.version ?? 0)\u{0}\(path)".utf8)
        seed = Blake2b.hash32(message, key: outer)
        device = seed.word(0)
        showing = writer?.showing ?? Showing(drive)
    }

    /// A drive nested in this one.
    func nested(id: UInt64, drive: Drive, at path: String, writer: Writer?) -> Volume {
        entered.add(drive.key)
        return Volume(
            id: id, drive: drive, chain: chain, at: path, in: seed, writer: writer,
            under: roofName, entered: entered)
    }

    /// The drives that were entered from an outermost one, and from inside of them.
    final class Entered: Sendable {
        private let state = Mutex<Set<PublicKey>>([])

        func add(_ key: PublicKey) {
            state.withLock { keys in
                if keys.count < Limits.enteredDrives { keys.insert(key) }
            }
        }

        var keys: Set<PublicKey> { state.withLock { $0 } }
    }

    /// Whether an old version is on the way here: nothing can be changed below one.
    var isFixed: Bool { chain.contains { $0.version != nil } }

    /// The drive at the version that is shown now.
    func view() throws -> Drive { try showing.view() }

    /// The version that is shown, 0 while none is known.
    var version: UInt64 { showing.version }

    /// Whether anything waits to be committed.
    var hasChanges: Bool { writer.map { $0.overlay.count > 0 } ?? false }

    /// The content feed; throws `MissingBlocks` until the drive's header is here.
    func content() throws -> Feed {
        if let content = knownFeed.withLock({ $0 }) { return content }
        let content = try drive.content()
        knownFeed.withLock { $0 = content }
        return content
    }

    /// The content feed, if its key is known already.
    var knownContent: Feed? { try? content() }

    /// Whether anybody is connected who may have blocks of this drive.
    var hasPeers: Bool { peerCount > 0 }

    var peerCount: Int {
        let metadata = drive.metadata
        var count = metadata.network?.peerCount(of: metadata) ?? 0
        if count == 0, let content = knownContent {
            count = content.network?.peerCount(of: content) ?? 0
        }
        return count
    }

    var isOffline: Bool { drive.metadata.network == nil }

    /// The inode number of a path: 63 bits of a keyed hash. Two paths of one drive share a number
    /// once in 2^63 pairs; nothing but the display depends on it, since the kernel and the tables
    /// go by the node number, which is never given twice.
    func inodeNumber(of path: String) -> UInt64 {
        let number = Blake2b.hash32(Array(path.utf8), key: seed).word(0) >> 1
        return max(number, 2)
    }
}

extension Bytes32 {
    /// The little-endian number in 8 of the 32 bytes.
    func word(_ index: Int) -> UInt64 {
        withUnsafeBytes { bytes in
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
    }
}
