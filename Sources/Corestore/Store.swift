import Foundation
import HyperCrypto
import Hypercore
import Replication
import Synchronization

/// Many feeds in one folder under one master key (docs/spec/corestore.md).
///
/// Every feed is opened once and shared by all who ask for it. Any thread may call. One process
/// has a store: it is locked until the store is closed or the process ends.
///
/// ```swift
/// let store = try Store(folder: "/home/me/.local/share/hyperfs")
/// let mine = try store.feed(name: "notes")
/// let theirs = try store.feed(key: key)
/// ```
public final class Store: Replicator.Directory {
    /// The store's folder; empty for a store in memory.
    public let folder: String
    /// Whether nothing on disk may change. Feeds cannot be written then, and what they download
    /// stays in memory.
    public let isReadOnly: Bool

    /// Everything that changes, under one short lock that is never held while a file is touched.
    struct State {
        var cache = FeedCache()
        var companions: [DiscoveryKey: [PublicKey]] = [:]
        var handlers: [@Sendable (Feed) -> Void] = []
        /// Asked for and not stored here.
        var misses: Set<DiscoveryKey> = []
        var lock: StoreLock?
        var isClosed = false
    }

    let masterKey: MasterKey
    /// A feed's files.
    let storage: @Sendable (DiscoveryKey) -> any FeedStorage
    let state: Mutex<State>
    let random: Mutex<any RandomSource>
    /// Held while a feed is opened and announced, so that nobody gets it before all handlers have
    /// seen it. Recursive: a handler may open other feeds.
    let opening = NSRecursiveLock()
    /// The feeds being announced: what a handler sees that asks for one of them.
    let announced = Mutex<[DiscoveryKey: Feed]>([:])

    /// Opens the store of a folder. Creates folder (0700) and `master_key` (0600) when missing.
    ///
    /// `readOnly` takes no lock and changes nothing on disk; a folder that cannot be written will
    /// do. Throws `StoreError`: `.locked`, `.damaged`, `.notFound`, `.io`.
    public convenience init(folder: String, readOnly: Bool = false) throws {
        let path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        var lock: StoreLock?
        if !readOnly {
            try SmallFile.makeFolders(path)
            lock = try StoreLock(folder: path)
        }
        var random = SystemRandom()
        let masterKey = try MasterKey(folder: path, readOnly: readOnly, random: &random)
        self.init(
            folder: path, isReadOnly: readOnly, masterKey: masterKey, random: random, lock: lock
        ) { FolderStorage(folder: FeedFolder(store: path, $0).path) }
    }

    /// A store in memory, for tests and simulations; the same random source gives the same keys.
    public convenience init(memory random: some RandomSource) {
        let shelf = MemoryShelf()
        self.init(random: random) { shelf.storage($0) }
    }

    /// A store on any storage: `storage` gives a feed's files, the same ones for each call.
    public convenience init(
        random: some RandomSource, storage: @escaping @Sendable (DiscoveryKey) -> any FeedStorage
    ) {
        var random = random
        let masterKey = MasterKey(random.bytes32())
        self.init(
            folder: "", isReadOnly: false, masterKey: masterKey, random: random, lock: nil,
            storage: storage)
    }

    init(
        folder: String, isReadOnly: Bool, masterKey: MasterKey, random: any RandomSource,
        lock: StoreLock?, storage: @escaping @Sendable (DiscoveryKey) -> any FeedStorage
    ) {
        self.storage = storage
        self.folder = folder
        self.isReadOnly = isReadOnly
        self.masterKey = masterKey
        self.random = Mutex(random)
        var state = State()
        state.lock = lock
        self.state = Mutex(state)
    }

    /// A secret of 32 bytes that this store always derives for the name, and nobody without its
    /// master key (docs/spec/corestore.md section 2).
    public func derive(namespace: String, name: String) -> Bytes32 {
        masterKey.derive(namespace: namespace, name: Array(name.utf8))
    }

    /// Whether its folder was removed, or another one is in its place, since it was locked: what is
    /// written from now on is lost.
    public var isGone: Bool { state.withLock { $0.lock }?.isInPlace == false }

    /// Calls the handler for every feed that is opened from now on, before anybody gets the feed.
    /// It runs on the thread that opens and must return soon.
    public func onOpen(_ handler: @escaping @Sendable (Feed) -> Void) {
        state.withLock { $0.handlers.append(handler) }
    }

    /// Feeds that are open now.
    public var openFeeds: [Feed] { state.withLock { $0.cache.feeds } }

    /// Makes what all open feeds have stored so far durable. A feed that cannot does not keep the
    /// others from it; the first error is thrown at the end.
    public func flush() throws {
        try Self.all(openFeeds) { try $0.flush() }
    }

    /// Closes all feeds, with everything durable, and gives the store free. Later calls for feeds
    /// throw `.closed`.
    public func close() throws {
        let feeds = state.withLock { state in
            state.isClosed = true
            return state.cache.removeAll()
        }
        defer { state.withLock { $0.lock = nil } }
        try Self.all(feeds) { try $0.close() }
    }

    private static func all(_ feeds: [Feed], _ body: (Feed) throws -> Void) throws {
        var failure: (any Error)?
        for feed in feeds {
            do { try body(feed) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}

/// The feeds of a store in memory.
private final class MemoryShelf: Sendable {
    private let feeds = Mutex<[DiscoveryKey: MemoryStorage]>([:])

    func storage(_ key: DiscoveryKey) -> MemoryStorage {
        feeds.withLock { feeds in
            let storage = feeds[key] ?? MemoryStorage()
            feeds[key] = storage
            return storage
        }
    }
}
