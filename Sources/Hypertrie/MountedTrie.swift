import HyperCrypto

/// A trie together with the tries that are mounted in it, and in those, and so on
/// (docs/spec/mountable-hypertrie.md).
///
/// ```swift
/// let drive = MountedTrie(trie) { key in try store.trie(for: key) }
/// let place = try drive.resolve("a/b/c")            // enters a mount at a/b/c itself, too
/// place.trie.children(of: place.inner)              // lists what is there
/// let entry = try drive.entry("a/b/c")              // the mount's own entry, in its parent
/// entry.node?.value; entry.mount?.key
/// ```
///
/// * Mounts come first: what a trie holds below a path at which it has a mount is never seen.
/// * A mount without a version leads to the live trie, also from an old version of its parent.
/// * A hidden record without its flagged visible entry is no mount.
/// * Local like everything here: `MissingBlocks` says which feed and blocks to fetch.
public struct MountedTrie: Sendable {
    /// Gives the live trie of a feed. Called for every mount that is entered: it had better keep
    /// what it opened.
    public typealias Opener = @Sendable (PublicKey) throws -> Trie

    /// The outermost trie.
    public let root: Trie
    let open: Opener

    /// What a path has in the trie that holds it.
    public struct Entry: Sendable {
        /// The trie and the path in it. For a mount point this is the mount's parent.
        public let place: MountPlace
        /// The entry; `nil` when there is none of exactly that path.
        public let node: TrieNode?
        /// Where it leads, when it is a mount.
        public let mount: Mount?
    }

    /// A trie and the way to open those that are mounted in it.
    public init(_ root: Trie, open: @escaping Opener) {
        self.root = root
        self.open = open
    }

    /// The trie that holds a path. A mount at the path itself is entered unless `enteringLast` is
    /// false.
    public func resolve(_ path: String, enteringLast: Bool = true) throws -> MountPlace {
        let path = try MountPath.normalized(path)
        var place = MountPlace(
            trie: root, inner: path, prefix: "", chain: [],
            entered: [(root.core.feed.key, root.checkoutVersion)])
        while let (mount, rest) = try firstMount(on: place, includingLast: enteringLast) {
            place = try place.entering(mount, rest: rest, open: open)
        }
        return place
    }

    /// The entry of a path: for a mount point that of its parent, together with where it leads.
    public func entry(_ path: String) throws -> Entry {
        let place = try resolve(path, enteringLast: false)
        guard !place.inner.isEmpty else { return Entry(place: place, node: nil, mount: nil) }
        let node = try place.trie.get(place.inner)
        let isMount = node?.userFlags == MountRecord.userFlag
        return Entry(place: place, node: node, mount: isMount ? try mount(at: place) : nil)
    }

    /// The mount at exactly a place, if there is one.
    func mount(at place: MountPlace) throws -> Mount? {
        guard let record = try record(at: place.inner, in: place.trie) else { return nil }
        guard let node = try place.trie.get(place.inner), node.userFlags == MountRecord.userFlag
        else { return nil }
        return Mount(path: place.path, record: record, node: node)
    }

    /// The outermost mount of a trie on the way to a place, and the path inside it.
    private func firstMount(
        on place: MountPlace, includingLast: Bool
    ) throws -> (mount: Mount, rest: String)? {
        let wanted = try TriePath(normalized: place.inner, hidden: false)
        let target = try TriePath(
            normalized: MountRecord.folder + "/" + place.inner, hidden: true)
        // The nearest hidden key has at least as many components in common with the target as any
        // mount on the way, so it says in one walk that there is none, which is the common case.
        let nearest = try place.trie.lookUp(target, wanted: wanted).nearest
        guard let nearest, nearest.path.isHidden else { return nil }
        let shared = min(nearest.path.sharedComponents(with: target) - 1, wanted.components.count)
        let deepest = includingLast ? shared : min(shared, wanted.components.count - 1)
        guard deepest >= 1 else { return nil }
        for depth in 1...deepest {
            let inner = wanted.key(ofFirst: depth)
            let here = MountPlace(
                trie: place.trie, inner: inner, prefix: place.prefix, chain: place.chain,
                entered: place.entered)
            guard let mount = try mount(at: here) else { continue }
            let rest = String(Substring(wanted.key.utf8.dropFirst(inner.utf8.count + 1)))
            return (mount, rest)
        }
        return nil
    }

    private func record(at inner: String, in trie: Trie) throws -> MountRecord? {
        let key = MountRecord.folder + "/" + inner
        guard let node = try trie.get(key, hidden: true), node.userFlags == MountRecord.userFlag
        else { return nil }
        return try MountRecord(decoding: node.value ?? [], at: inner)
    }
}
