import Glibc
import HyperCrypto
import Hypercore
import Hypertrie

/// Looking entries up (docs/spec/hyperdrive.md section 5).
extension Drive {
    /// What is at a path, links not followed; `nil` = nothing. Nested drives are passed through;
    /// the place of one has the description that the outer drive gives it.
    ///
    /// Throws `MissingBlocks`, and `DriveError` `.badPath`, `.loop`, `.corrupt`.
    public func entry(_ path: String) throws -> Entry? {
        let key = try DrivePath.key(path)
        return try DriveError.translating(path) {
            let place = try locate(key, enteringLast: false)
            guard !place.inner.isEmpty else { return try root(key, place) }
            guard let site = try place.drive.trie.site(of: place.inner) else { return nil }
            return try entry(key, place, site)
        }
    }

    /// What is in a folder, sorted by the bytes of the names. Names that no file system can show
    /// are left out, and so are entries whose description makes no sense; `onHidden` hears of
    /// each, and may hear of it again.
    ///
    /// Throws `.notFound`, `.notDirectory`, `.tooLarge` for more than `limit` entries, and what
    /// `entry` throws.
    public func list(
        _ path: String, atMost limit: Int = Drive.listedEntriesMax,
        onHidden: (String) -> Void = { _ in }
    ) throws -> [Entry] {
        let walk = try walk(folder: path)
        var entries: [Entry] = []
        while true {
            let piece = try walk.next(atMost: OwnLimits.walkedAtOnce, onHidden: onHidden)
            if piece.isEmpty { break }
            guard entries.count + piece.count <= limit else {
                throw DriveError.tooManyEntries(path, limit)
            }
            entries += piece
        }
        entries.sort { DrivePath.isBefore($0.name, $1.name) }
        return entries
    }

    /// The same piece by piece, without an order and without a limit.
    public func walk(folder path: String) throws -> FolderWalk { try FolderWalk(self, path) }

    /// Entries that `list` gives at most: some hundred bytes of memory each.
    public static let listedEntriesMax = OwnLimits.listedEntriesMax

    /// Everything below a path, page by page. With `enterMounts` also what is in nested drives,
    /// except in those that contain themselves.
    public func walk(_ path: String = "/", enterMounts: Bool = false) throws -> DriveWalk {
        DriveWalk(self, try DrivePath.key(path), enterMounts: enterMounts)
    }

    /// All of that at once, siblings by the bytes of their names. Throws `.tooLarge` for more than
    /// `limit` entries, and what `entry` throws.
    public func everything(
        _ path: String = "/", enterMounts: Bool = false, atMost limit: Int = gatheredEntriesMax
    ) throws -> [Entry] {
        let walk = try walk(path, enterMounts: enterMounts)
        var found: [Entry] = []
        try walk.forEach { entry in
            guard found.count < limit else {
                throw DriveError(
                    .tooLarge, "\(path): more than \(limit) entries below it; name a folder in it",
                    errno: EFBIG)
            }
            found.append(entry)
        }
        found.sort { DrivePath.isBefore($0.path, $1.path) }
        return found
    }

    /// Entries that `everything` gives at most.
    public static let gatheredEntriesMax = OwnLimits.gatheredEntriesMax

    /// The drive that holds a path, and the path in it.
    struct Location {
        let drive: Drive
        let inner: String
    }

    /// Where a path leads. `enteringLast`: into a drive that is nested at the path itself.
    func locate(_ key: String, enteringLast: Bool) throws -> Location {
        do {
            let place = try tries.resolve(key, enteringLast: enteringLast)
            return Location(drive: try drive(at: place), inner: place.inner)
        } catch let missing as MissingBlocks {
            // The nodes that tell where drives are nested are not here, but what is visible may
            // do: nothing is nested where there is no entry that is marked so.
            guard isOwn(key, enteringLast) else { throw missing }
            return Location(drive: self, inner: key)
        }
    }

    /// Whether it is certain, from what is here, that no drive is nested on the way to a path.
    private func isOwn(_ key: String, _ enteringLast: Bool) -> Bool {
        var rest: Substring? = enteringLast ? key[...] : DrivePath.parent(of: key)
        while let folder = rest, !folder.isEmpty {
            do {
                if try trie.get(String(folder))?.userFlags == 1 { return false }
            } catch {
                return false
            }
            rest = DrivePath.parent(of: String(folder))
        }
        return true
    }

    /// The drive that a place is in; this one, or one nested in it.
    func drive(at place: MountPlace) throws -> Drive {
        if place.chain.isEmpty { return self }
        let way =
            chain + place.chain.map { DriveID(key: $0.record.key, version: $0.record.version) }
        // What this drive was reached through counts: a nested drive must not start over.
        guard way.count <= SpecLimits.mountDepthMax + 1, Set(way).count == way.count else {
            throw DriveError(
                .loop, "\(DrivePath.path(place.path)): nested drives that contain themselves",
                errno: ELOOP)
        }
        return try family.drive(way)
    }

    /// The hidden key under which a writer keeps how the root looks (docs/spec/hyperdrive.md
    /// section 2).
    static let rootKey = "root"

    /// How the root looks, as far as it is known here: nobody waits for it. Writers put it last,
    /// so that mostly the newest node says it.
    private func rootStat(_ trie: Trie, _ newest: TrieNode?) throws -> Stat? {
        var node = newest
        if node.map({ $0.isHidden && $0.key == Self.rootKey }) != true {
            do { node = try trie.get(Self.rootKey, hidden: true) } catch is MissingBlocks {
                return nil
            }
        }
        // One that says nonsense is as none: the root always exists.
        guard let value = node?.value, let stat = try? Stat(decoding: value) else { return nil }
        var root = Stat.directory(mode: stat.mode & 0o7777, mtime: stat.mtime)
        root.uid = stat.uid
        root.gid = stat.gid
        root.attributes = stat.attributes
        return root
    }

    /// The root of a drive has no entry: it always exists.
    private func root(_ key: String, _ place: Location) throws -> Entry {
        let trie = place.drive.trie
        let newest = try trie.node(at: max(trie.version, 1) - 1)
        return Entry(
            path: DrivePath.path(key), name: DrivePath.name(of: key),
            stat: try rootStat(trie, newest) ?? Self.implicit(newest),
            drive: place.drive, innerPath: "/", isImplicit: true, mount: nil, seq: 0)
    }

    private func entry(
        _ key: String, _ place: Location, _ site: TrieSite
    ) throws -> Entry {
        var entry = try entry(
            key, at: place.inner, place.drive, node: site.node, hasDescendants: site.hasDescendants)
        if entry.isImplicit { entry.stat = Self.implicit(site.newest) }
        return try withMount(entry, flags: site.node?.userFlags)
    }

    /// An entry from its node. What has something below it is a folder, whatever its node says.
    func entry(
        _ key: String, at inner: String, _ drive: Drive, node: TrieNode?, hasDescendants: Bool
    ) throws -> Entry {
        var stat: Stat?
        if let node {
            do {
                stat = try Stat(decoding: node.value ?? [])
            } catch {
                guard hasDescendants else { throw error }
            }
        }
        let isImplicit = stat == nil || (hasDescendants && stat?.kind != .directory)
        return Entry(
            path: DrivePath.path(key), name: DrivePath.name(of: key),
            stat: isImplicit ? Self.implicit(nil) : stat ?? Self.implicit(nil), drive: drive,
            innerPath: DrivePath.path(inner), isImplicit: isImplicit, mount: nil,
            seq: isImplicit ? 0 : node?.seq ?? 0)
    }

    /// Adds where a nested drive leads, if the entry is one.
    func withMount(_ entry: Entry, flags: UInt64?) throws -> Entry {
        guard flags == 1 else { return entry }
        var entry = entry
        let mount = try tries.entry(String(entry.path.dropFirst())).mount
        entry.mount = mount.map { ($0.record.key, $0.record.version) }
        return entry
    }

    /// A folder without an entry of its own, as old as the newest thing that is known below it.
    static func implicit(_ newest: TrieNode?) -> Stat {
        let stat = newest.flatMap { try? Stat(decoding: $0.value ?? []) }
        return Stat.directory(mtime: stat?.mtime ?? 1)
    }

    func requireFolder(_ path: String) throws {
        guard let entry = try entry(path) else { throw DriveError.notFound(path) }
        guard entry.stat.kind == .directory else {
            throw DriveError(.notDirectory, "\(path): not a folder", errno: ENOTDIR)
        }
    }
}
