import HyperCrypto
import Hypercore

/// Getting feeds (docs/spec/corestore.md sections 3 and 4).
extension Store {
    /// The feed of a name, writable: the same name gives the same feed for ever.
    public func feed(name: String) throws -> Feed { try feed(name: Array(name.utf8)) }

    /// The feed of a name that need not be text.
    public func feed(name: [UInt8]) throws -> Feed {
        guard !name.isEmpty, name.count <= SpecLimits.nameBytesMax else {
            throw StoreError(
                .badName,
                "a feed's name has 1 to \(SpecLimits.nameBytesMax) bytes, not \(name.count)")
        }
        let pair = masterKey.keyPair(name: name)
        return try open(pair.publicKey.discoveryKey) { try self.load(pair, name: name) }
    }

    /// A new writable feed under a random name that is remembered.
    public func newFeed() throws -> Feed {
        try feed(name: random.withLock { $0.bytes(32) })
    }

    /// The feed of a key, new or old. Writable when its folder says so.
    public func feed(key: PublicKey) throws -> Feed {
        try open(key.discoveryKey) { try self.load(key) }
    }

    /// A feed that is stored here, found by its discovery key; `nil` when there is none, or when
    /// its folder is damaged: asking for it by key tells.
    public func feed(discoveryKey: DiscoveryKey) -> Feed? {
        let (known, isMissed) = state.withLock { state in
            (state.cache.find(discoveryKey), state.misses.contains(discoveryKey))
        }
        if let known { return known }
        guard !isMissed, let key = try? storedKey(discoveryKey) else {
            remember(miss: discoveryKey)
            return nil
        }
        return try? feed(key: key)
    }

    /// Whether the feed has files here.
    public func isStored(_ key: PublicKey) -> Bool {
        (try? storedKey(key.discoveryKey)) != nil
    }

    /// The keys of all feeds that are stored here, damaged folders left out, ordered by
    /// discovery key.
    public func storedKeys() throws -> [PublicKey] {
        guard !folder.isEmpty else { return openFeeds.map(\.key) }
        return FeedFolder.all(in: folder).compactMap { try? $0.key() }
    }

    private func storedKey(_ discoveryKey: DiscoveryKey) throws -> PublicKey? {
        guard !folder.isEmpty else {
            return state.withLock { $0.cache.find(discoveryKey)?.key }
        }
        return try FeedFolder(store: folder, discoveryKey).key()
    }

    private func remember(miss discoveryKey: DiscoveryKey) {
        state.withLock { state in
            if state.misses.count >= OwnLimits.missesRememberedMax { state.misses = [] }
            state.misses.insert(discoveryKey)
        }
    }

    /// The feed from the cache, or opened and announced.
    private func open(_ key: DiscoveryKey, _ load: () throws -> Feed) throws -> Feed {
        if let feed = try cached(key) { return feed }
        return try opening.withLock {
            if let feed = try cached(key) ?? announced.withLock({ $0[key] }) { return feed }
            let feed = try load()
            announced.withLock { $0[key] = feed }
            defer { announced.withLock { $0[key] = nil } }
            for handler in state.withLock({ $0.handlers }) { handler(feed) }
            let (unused, isClosed) = state.withLock { state in
                state.misses.remove(key)
                return (state.isClosed ? [feed] : state.cache.insert(feed), state.isClosed)
            }
            for feed in unused { try? feed.close() }
            if isClosed { throw closed }
            return feed
        }
    }

    /// Closes those of some feeds that nobody holds any more, with everything durable; the next who
    /// asks opens them again. Those that are still open then.
    public func closeUnused(_ keys: Set<DiscoveryKey>) -> Set<DiscoveryKey> {
        // Nobody opens one again before its files are closed.
        opening.withLock {
            let unused = state.withLock { state in
                state.isClosed ? [] : state.cache.takeUnused(among: keys)
            }
            for feed in unused { try? feed.close() }
            return state.withLock { state in keys.filter { state.cache.contains($0) } }
        }
    }

    private func cached(_ key: DiscoveryKey) throws -> Feed? {
        try state.withLock { state in
            guard !state.isClosed else { throw closed }
            return state.cache.find(key)
        }
    }

    private var closed: StoreError { StoreError(.closed, "the store \(folder) is closed") }

    /// Opens or creates a feed whose pair comes from its name.
    private func load(_ pair: KeyPair, name: [UInt8]) throws -> Feed {
        let key = pair.publicKey
        guard !folder.isEmpty else {
            return try Feed(storage: storage(key.discoveryKey), key: key, keyPair: pair)
        }
        let files = FeedFolder(store: folder, key.discoveryKey)
        if isReadOnly { return try readOnlyFeed(key, files) }
        if try files.key() == nil {
            try files.create(key: key, name: name)
        } else if try files.name() == nil {
            // It came from elsewhere before this store knew that it is its own.
            try files.write(name: name)
        }
        return try Feed(
            storage: NamedStorage(files: FolderStorage(folder: files.path)), key: key,
            keyPair: pair, loans: files.loans())
    }

    /// Opens or creates a feed by key; its folder tells whether it can be written.
    private func load(_ key: PublicKey) throws -> Feed {
        guard !folder.isEmpty else {
            return try Feed(storage: storage(key.discoveryKey), key: key)
        }
        let files = FeedFolder(store: folder, key.discoveryKey)
        if isReadOnly {
            guard try files.key() != nil else {
                throw StoreError(
                    .notFound, "feed \(key) is not in the store \(folder)", feed: key)
            }
            return try readOnlyFeed(key, files)
        }
        if try files.key() == nil { try files.create(key: key, name: nil) }
        let storage = storage(key.discoveryKey)
        guard let name = try files.name() else { return try Feed(storage: storage, key: key) }
        let pair = masterKey.keyPair(name: name)
        guard pair.publicKey == key else {
            throw files.damaged(
                "name",
                "does not lead to the feed's key: the master_key of \(folder) is another one now. "
                    + "Put the right master_key back or open the store read-only. Otherwise")
        }
        return try Feed(
            storage: NamedStorage(files: storage), key: key, keyPair: pair, loans: files.loans())
    }

    /// What its folder has, and what lends to it; nothing there is changed.
    private func readOnlyFeed(_ key: PublicKey, _ files: FeedFolder) throws -> Feed {
        try Feed(
            storage: OverlayStorage(folder: files.path), key: key,
            loans: files.name() == nil ? nil : files.loans())
    }
}
