import Glibc
import HyperCrypto
import Hypercore
import Hypertrie

/// Changing an own drive (docs/spec/hyperdrive.md section 4).
extension Drive {
    /// A change of one path.
    public enum Edit: Sendable {
        /// Sets the entry of a path. For a nested drive's place this changes how it looks, as long
        /// as the stat keeps its mount.
        case put(path: String, stat: Stat)
        /// Removes the entry of a path, and a nested drive from it.
        case delete(path: String)
        /// Nests a drive at a path.
        case mount(path: String, key: PublicKey, version: UInt64?, stat: Stat)
        /// Takes a nested drive away.
        case unmount(path: String)
        /// Keeps how the root looks: its mode and its time (docs/spec/hyperdrive.md section 2).
        case root(stat: Stat)

        /// The path that is changed.
        public var path: String {
            switch self {
            case .put(let path, _), .delete(let path), .mount(let path, _, _, _),
                .unmount(let path):
                path
            case .root: "/"
            }
        }
    }

    /// All changes as one metadata append with one signature, durable on return: readers see all
    /// of them or none. Changes inside nested drives go to those, one append each. Content has to
    /// be in the content feed before.
    ///
    /// - Returns: this drive's versions before and after, with nothing of anybody else in between;
    ///   nil when nothing of it had to be written.
    ///
    /// Throws `.notWritable`, `.badPath`; nothing is written then.
    @discardableResult
    public func apply(_ edits: [Edit]) throws -> Range<UInt64>? {
        try requireWritable()
        guard !edits.isEmpty else { return nil }
        let isFlat = try !hasMounts()
        var order: [ObjectIdentifier] = []
        var groups: [ObjectIdentifier: (drive: Drive, operations: [TrieOperation])] = [:]
        for edit in edits {
            if case .root(let stat) = edit {
                let id = ObjectIdentifier(self)
                if groups[id] == nil { order.append(id) }
                groups[id, default: (self, [])].operations.append(
                    .put(key: Self.rootKey, value: stat.encoded(), hidden: true, flags: 0))
                continue
            }
            let key = try Self.writable(edit.path)
            try DriveError.translating(edit.path) {
                let place =
                    isFlat
                    ? Location(drive: self, inner: key) : try locate(key, enteringLast: false)
                let drive = place.drive
                try drive.requireWritable()
                let id = ObjectIdentifier(drive)
                if groups[id] == nil { order.append(id) }
                groups[id, default: (drive, [])].operations +=
                    try drive.operations(edit, at: place.inner, isFlat: isFlat)
            }
        }
        var versions: Range<UInt64>?
        for id in order {
            guard let (drive, operations) = groups[id] else { continue }
            let written = try DriveError.translating("/") { try drive.trie.batch(operations) }
            if drive === self, let first = written.first, let last = written.last {
                versions = first..<last + 1
            }
        }
        return versions
    }

    /// Appends a file's bytes and sets its entry. `mtime` in milliseconds since 1970.
    public func writeFile(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644, mtime: UInt64
    ) throws {
        try requireWritable()
        let key = try Self.writable(path)
        let place = try DriveError.translating(path) { try locate(key, enteringLast: false) }
        let writer = try ContentWriter(place.drive)
        try bytes.withUnsafeBytes { try writer.write($0) }
        let stat = Stat.file(mode: mode, mtime: mtime).with(try writer.finish())
        try place.drive.apply([.put(path: DrivePath.path(place.inner), stat: stat)])
    }

    func requireWritable() throws {
        // Two writers would contradict each other; neither feed is touched then.
        if let refusal = metadata.refusal ?? (try? content())?.refusal {
            throw DriveError(.notWritable, refusal.message, errno: EROFS)
        }
        guard isWritable else {
            throw DriveError(
                .notWritable,
                checkoutVersion == nil
                    ? "drive \(key) belongs to somebody else: only the store that made it can write"
                    : "an old version of drive \(key) cannot be changed; change the live one",
                errno: EROFS)
        }
    }

    /// The key of a path that may be written: not the root.
    private static func writable(_ path: String) throws(DriveError) -> String {
        let key = try DrivePath.key(path)
        guard !key.isEmpty else {
            throw DriveError(.badPath, "the root of a drive cannot be written", errno: EBUSY)
        }
        return key
    }

    /// Whether any drive is nested directly in this one.
    private func hasMounts() throws -> Bool {
        try DriveError.translating("/") {
            try trie.get("mounts", hidden: true, prefix: true) != nil
        }
    }

    private func operations(
        _ edit: Edit, at key: String, isFlat: Bool
    ) throws -> [TrieOperation] {
        let isMount = isFlat ? false : try trie.get(key)?.userFlags == 1
        switch edit {
        case .put(_, let stat):
            let keepsMount = stat.mount.map { !$0.isHypercore } ?? false
            let put = TrieOperation.put(
                key: key, value: stat.encoded(), flags: keepsMount ? 1 : 0)
            return isMount && !keepsMount ? try [TrieOperation].unmount(key) + [put] : [put]
        case .delete, .unmount:
            return isMount ? try [TrieOperation].unmount(key) : [.delete(key: key)]
        case .mount(_, let target, let version, var stat):
            stat.mode = S_IFDIR | (stat.mode & 0o7777)
            stat.mount = (target, version, false)
            let record = MountRecord(key: target, localPath: key, version: version)
            return try [TrieOperation].mount(record, value: stat.encoded())
        case .root: return []
        }
    }
}
