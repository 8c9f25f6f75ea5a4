import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// One drive at one place of a tree: the outermost, a nested one, or an old version.
///
/// It shows one version at a time, so that answers and invalidations agree; `follow` moves on to
/// the next once the kernel can be told what changed.
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
    /// What makes it writable; nil = it is read-only.
    let writer: Writer?
    /// Mixed into the inode numbers, so that one drive nested twice has two sets of them.
    private let seed: Bytes32
    private let state: Mutex<State>
    private let observation = Mutex<Feed.Observation?>(nil)

    struct Identity: Hashable, Sendable {
        let key: PublicKey
        let version: UInt64?
    }

    private struct State: Sendable {
        var view: Drive?
        var version: UInt64 = 0
        var isFollowing = false
        var isCommitting = false
        var content: Feed?
    }

    init(
        id: UInt64, drive: Drive, chain: [Identity] = [], at path: String = "",
        in outer: Bytes32? = nil, writer: Writer? = nil
    ) {
        self.id = id
        self.writer = writer
        self.drive = drive
        let identity = Identity(key: drive.key, version: drive.checkoutVersion)
        self.chain = chain + [identity]
        var message = drive.key.raw.bytes
        message += Array("\(identity.version ?? 0)\u{0}\(path)".utf8)
        seed = Blake2b.hash32(message, key: outer)
        device = seed.word(0)
        var state = State()
        if let version = drive.checkoutVersion {
            state.view = drive
            state.version = version
        }
        self.state = Mutex(state)
    }

    deinit { observation.withLock { $0 }.map(drive.metadata.stopObserving) }

    /// A drive nested in this one.
    func nested(id: UInt64, drive: Drive, at path: String) -> Volume {
        Volume(id: id, drive: drive, chain: chain, at: path, in: seed)
    }

    /// Follows the feed of a live drive; `grew` may be called from any thread.
    func observe(_ grew: @escaping @Sendable () -> Void) {
        guard drive.checkoutVersion == nil else { return }
        let token = drive.metadata.observe { event in
            if case .grew = event { grew() }
        }
        observation.withLock { $0 = token }
    }

    /// The drive at the version that is shown now.
    ///
    /// As long as nothing at all is known it is the live drive, whose look-ups say what they miss;
    /// the first known version is taken at once, since the kernel cannot know another.
    func view() throws -> Drive {
        try state.withLock { state in
            if let view = state.view { return view }
            // Read under the lock: `endFollowing` sees either no version, or this one.
            let version = drive.version
            guard version > 0 else { return drive }
            let view = try drive.checkout(version)
            state.view = view
            state.version = version
            return view
        }
    }

    /// The version that is shown, 0 while none is known.
    var version: UInt64 { state.withLock { $0.version } }

    /// Moves on. Only within the gate's `changing`.
    func show(_ view: Drive, version: UInt64) {
        state.withLock { state in
            state.view = view
            state.version = version
        }
    }

    /// While it is set the feed grows by our own commit, of which nobody needs to be told.
    var isCommitting: Bool {
        get { state.withLock { $0.isCommitting } }
        set { state.withLock { $0.isCommitting = newValue } }
    }

    /// True for the one caller that may follow now.
    func beginFollowing() -> Bool {
        state.withLock { state in
            defer { state.isFollowing = true }
            return !state.isFollowing
        }
    }

    /// Ends following, unless the feed is longer than what is shown by now.
    func endFollowing() -> Bool {
        let latest = drive.version
        return state.withLock { state in
            guard state.version == latest || state.version == 0 else { return false }
            state.isFollowing = false
            return true
        }
    }

    /// The content feed; throws `MissingBlocks` until the drive's header is here.
    func content() throws -> Feed {
        if let content = state.withLock({ $0.content }) { return content }
        let content = try drive.content()
        state.withLock { $0.content = content }
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
