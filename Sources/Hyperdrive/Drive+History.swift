import Glibc
import Hypercore
import Hypertrie

/// Versions (docs/spec/hyperdrive.md section 7).
extension Drive {
    /// A path whose entry differs between two versions.
    public struct Change: Sendable, Equatable {
        /// How it differs.
        public enum Kind: String, Sendable {
            /// Only the newer version has it.
            case added
            /// Both have it, not the same.
            case changed
            /// Only the older version has it.
            case removed
        }

        /// How it differs.
        public let kind: Kind
        /// The path in this drive.
        public let path: String

        /// A change of a path.
        public init(kind: Kind, path: String) {
            self.kind = kind
            self.path = path
        }
    }

    /// One write.
    public struct LogEntry: Sendable, Equatable {
        /// The version that the write led to.
        public let version: UInt64
        /// `put`, `del`, `mount` or `unmount`.
        public let type: String
        /// What was written.
        public let path: String
        /// Bytes of a file that was put, else 0.
        public let size: UInt64
    }

    /// Paths whose entry differs between two versions of this drive, by path. Neighbours that a
    /// delete wrote again, as they were, are left out; nested drives are not entered.
    public func changes(from older: UInt64, to newer: UInt64) throws -> [Change] {
        try DriveError.translating("/") {
            let left = member.trie.checkout(newer)
            var entries = left.diff(from: member.trie.checkout(older))
            var changes: [Change] = []
            while let entry = try entries.next() {
                let kind: Change.Kind
                switch (entry.left, entry.right) {
                case (.some(let left), .some(let right)):
                    if left.value == right.value, left.userFlags == right.userFlags { continue }
                    kind = .changed
                case (.some, .none): kind = .added
                case (.none, .some): kind = .removed
                case (.none, .none): continue
                }
                changes.append(Change(kind: kind, path: DrivePath.path(entry.key)))
            }
            return changes.sorted { DrivePath.isBefore($0.path, $1.path) }
        }
    }

    /// All visible writes up to the version that is shown, oldest first. Needs the whole metadata
    /// feed.
    public func log() throws -> [LogEntry] {
        let end = max(version, 1)
        if let missing = metadata.firstMissing(in: 0..<end) {
            throw MissingBlocks(feed: metadata, target: .blocks(missing..<end))
        }
        return try DriveError.translating("/") {
            var entries: [LogEntry] = []
            for seq in 1..<end { if let entry = try write(at: seq) { entries.append(entry) } }
            return entries
        }
    }

    /// What a block did. There is no tombstone: a delete writes a neighbour of the deleted entry
    /// again, as it was, or an empty mark when there is none.
    private func write(at seq: UInt64) throws -> LogEntry? {
        let after = member.trie.checkout(seq + 1)
        let before = member.trie.checkout(seq)
        let node = try after.node(at: seq)
        if let node {
            let old = try before.get(node.key, hidden: node.isHidden)
            let isSame = old.map { $0.value == node.value && $0.userFlags == node.userFlags }
            if isSame != true {
                if node.isHidden { return nil }
                let stat = try? Stat(decoding: node.value ?? [])
                return LogEntry(
                    version: seq + 1, type: node.userFlags == 1 ? "mount" : "put",
                    path: DrivePath.path(node.key), size: stat?.kind == .file ? stat?.size ?? 0 : 0)
            }
        }
        if let gone = try removed(from: before, in: after, hidden: false) {
            return LogEntry(
                version: seq + 1, type: gone.userFlags == 1 ? "unmount" : "del",
                path: DrivePath.path(gone.key), size: 0)
        }
        guard let node, !node.isHidden else { return nil }
        // Either something hidden went, or somebody put the same again.
        if try removed(from: before, in: after, hidden: true) != nil { return nil }
        let stat = try? Stat(decoding: node.value ?? [])
        return LogEntry(
            version: seq + 1, type: "put", path: DrivePath.path(node.key), size: stat?.size ?? 0)
    }

    private func removed(from before: Trie, in after: Trie, hidden: Bool) throws -> TrieNode? {
        var entries = after.diff(from: before, hidden: hidden)
        while let entry = try entries.next() {
            if entry.left == nil { return entry.right }
        }
        return nil
    }
}
