import Corestore
import Glibc
import HyperCrypto
import Hypercore
import Hypertrie

/// Files and folders on two feeds (docs/spec/hyperdrive.md): names and descriptions in a trie on
/// the metadata feed, the bytes of the files in the content feed.
///
/// All reading is local: what is not stored here is thrown as `MissingBlocks`; wrap it in
/// `resolve` to wait for it. Paths are absolute in the drive: `/a/b`; `/` is the root. Any thread
/// may call.
///
/// ```swift
/// let drive = try Drive(store: store, key: key)
/// for entry in try await resolve(timeout: .seconds(30), { try drive.list("/docs") }) { ... }
/// ```
///
/// The format allows a file at a path that others lie below. Such a path is shown as a folder,
/// and the file is not seen; a file, once nothing is below it.
public final class Drive: Sendable {
    let family: DriveFamily
    let member: DriveFamily.Member
    /// The drives this one was reached through, itself last.
    let chain: [DriveID]
    let trie: Trie
    let tries: MountedTrie

    /// The store of all its feeds.
    public var store: Store { family.store }
    /// The feed of names and descriptions.
    public var metadata: Feed { member.metadata }
    /// Names the drive: who has it can read everything.
    public var key: PublicKey { member.metadata.key }
    /// The version that is shown; `nil`: live, follows the feed.
    public let checkoutVersion: UInt64?

    init(family: DriveFamily, member: DriveFamily.Member, chain: [DriveID]) {
        self.family = family
        self.member = member
        self.chain = chain
        checkoutVersion = chain.last?.version
        trie = checkoutVersion.map(member.trie.checkout) ?? member.trie
        tries = MountedTrie(trie) { key in try family.member(key).trie }
    }

    /// Opens a drive, live or as it was at a version. Nothing needs to be here yet: what is
    /// missing is told when it is needed.
    public convenience init(store: Store, key: PublicKey, version: UInt64? = nil) throws {
        if let version, version > SpecLimits.numberMax {
            throw DriveError(.badPath, "there is no version \(version)", errno: EINVAL)
        }
        let family = DriveFamily(store: store)
        let id = DriveID(key: key, version: version.map { max($0, 1) })
        self.init(family: family, member: try family.member(key), chain: [id])
        // So that peers who know the drive are offered its content, too.
        if metadata.has(0) { _ = try? content() }
    }

    /// Makes a new, empty, writable drive. `name`: the store's name for its metadata feed, which
    /// gives the same drive again; without one it is random.
    public static func create(in store: Store, name: String? = nil) throws -> Drive {
        guard !store.isReadOnly else {
            throw DriveError(
                .notWritable, "the store \(store.folder) is open for reading only", errno: EROFS)
        }
        let metadata = try name.map { try store.feed(name: $0) } ?? store.newFeed()
        if metadata.length == 0 {
            let content = try store.feed(name: metadata.key.hex + "-content")
            _ = try DriveError.translating("/") {
                try Trie.create(
                    feed: metadata, metadata: content.key.raw.bytes, subtype: "hyperdrive")
            }
        }
        return try Drive(store: store, key: metadata.key)
    }

    /// The same drive as it was at a version; it cannot be written.
    public func checkout(_ version: UInt64) throws -> Drive {
        guard version <= SpecLimits.numberMax else {
            throw DriveError(.badPath, "there is no version \(version)", errno: EINVAL)
        }
        let id = DriveID(key: key, version: max(version, 1))
        return Drive(family: family, member: member, chain: chain.dropLast() + [id])
    }

    /// Whether it can be changed from here.
    public var isWritable: Bool {
        guard checkoutVersion == nil, metadata.isWritable, !store.isReadOnly,
            metadata.refusal == nil
        else { return false }
        return (try? content().isWritable) ?? false
    }

    /// Length of the metadata feed, or the version that is shown; 1 = empty, 0 = not known yet.
    public var version: UInt64 { trie.version }

    /// The feed of file bytes. Throws `MissingBlocks` until the header is here.
    public func content() throws -> Feed { try member.content(in: store) }
}

extension Drive {
    /// Opens a drive whose secrets have just come to this store. One of which nothing is here
    /// begins anew, with a header.
    public static func adopted(
        in store: Store, key: PublicKey, content: PublicKey
    ) throws -> Drive {
        let metadata = try store.feed(key: key)
        if metadata.length == 0 {
            _ = try DriveError.translating("/") {
                try Trie.create(
                    feed: metadata, metadata: content.raw.bytes, subtype: "hyperdrive")
            }
        }
        return try Drive(store: store, key: key)
    }
}
