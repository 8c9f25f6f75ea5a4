import HyperCrypto

/// A mount that was met on the way to a path.
public struct Mount: Sendable {
    /// Full path from the outermost trie.
    public let path: String
    /// Where it leads; its `localPath` is relative to the trie that holds it.
    public let record: MountRecord
    /// The visible entry, in the trie that holds the mount.
    public let node: TrieNode
}

/// Where a path leads through nested mounts.
public struct MountPlace: Sendable {
    /// The trie that holds the path, or would hold it. A pinned mount's is a checkout.
    public let trie: Trie
    /// The path in that trie; empty for its root.
    public let inner: String
    /// Full path of that trie's root: empty for the outermost.
    public let prefix: String
    /// The mounts passed through, outermost first.
    public let chain: [Mount]
    /// What the place lies in, itself included, outermost first.
    let entered: [(key: PublicKey, version: UInt64?)]

    /// The full path.
    public var path: String { MountPath.join(prefix, inner) }

    /// Whether anything there may be written: an old version may not.
    public var isLive: Bool { trie.checkoutVersion == nil }

    /// The place inside a mount that lies here or on the way on from here. Throws `mountLoop`
    /// beyond 32 mounts, and for a (key, version) that is entered already.
    func entering(_ mount: Mount, rest: String, open: MountedTrie.Opener) throws -> MountPlace {
        guard chain.count < SpecLimits.mountDepthMax else {
            throw TrieError(
                .mountLoop,
                "more than \(SpecLimits.mountDepthMax) mounts inside each other at \(mount.path)")
        }
        guard !isEntered(mount.record) else {
            throw TrieError(.mountLoop, "the mount at \(mount.path) contains itself")
        }
        let opened = try open(mount.record.key)
        return MountPlace(
            trie: mount.record.version.map(opened.checkout) ?? opened, inner: rest,
            prefix: mount.path, chain: chain + [mount],
            entered: entered + [(mount.record.key, mount.record.version)])
    }

    /// Whether the mount would lead to a trie that this place already lies in.
    func isEntered(_ record: MountRecord) -> Bool {
        entered.contains { $0.key == record.key && $0.version == record.version }
    }
}
