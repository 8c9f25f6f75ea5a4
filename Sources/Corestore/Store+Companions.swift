import HyperCrypto
import Hypercore

/// Which feeds belong to which: a drive's content to its metadata.
extension Store {
    /// Remembers the feeds that a peer who may have `feed` will want next. Hyperdrive registers a
    /// drive's content feed as soon as it is known.
    public func setCompanions(_ feeds: [Feed], of feed: Feed) {
        let keys = feeds.prefix(OwnLimits.companionsOfOneMax).map(\.key)
        state.withLock { state in
            guard
                state.companions.count < OwnLimits.companionsMax
                    || state.companions[feed.discoveryKey] != nil
            else { return }
            state.companions[feed.discoveryKey] = keys
        }
    }

    /// All feeds that belong to another: the contents of the drives that were opened.
    public var companionKeys: Set<PublicKey> {
        state.withLock { Set($0.companions.values.joined()) }
    }

    /// The feeds whose channel a serving node opens by itself once a peer has proven that it knows
    /// `feed`.
    public func companions(of feed: Feed) -> [Feed] {
        let keys = state.withLock { $0.companions[feed.discoveryKey] ?? [] }
        return keys.compactMap { try? self.feed(key: $0) }
    }
}
