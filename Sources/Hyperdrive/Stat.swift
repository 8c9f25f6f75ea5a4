import Glibc
import HyperCrypto

/// What a drive knows about an entry beside its name (docs/spec/hyperdrive.md section 3).
public struct Stat: Sendable, Equatable {
    /// What an entry is.
    public enum Kind: Sendable, Equatable {
        /// Bytes.
        case file
        /// A folder, or the place where a drive is nested.
        case directory
        /// A path to somewhere else.
        case symlink
        /// Type bits that mean nothing here; shown, not used.
        case other
    }

    /// POSIX type bits and permissions.
    public var mode: UInt32
    /// Owner.
    public var uid: UInt32 = 0
    /// Group.
    public var gid: UInt32 = 0
    /// Bytes of the file.
    public var size: UInt64 = 0
    /// Number of content blocks.
    public var blocks: UInt64 = 0
    /// First content block.
    public var offset: UInt64 = 0
    /// Byte of the content feed at which the first block begins.
    public var byteOffset: UInt64 = 0
    /// Milliseconds since 1970. Old readers take 0 for "now": write at least 1.
    public var mtime: UInt64 = 0
    /// Milliseconds since 1970; creation, in practice.
    public var ctime: UInt64 = 0
    /// Target of a symlink.
    public var linkname: String?
    /// The nested drive that a directory leads to, or the feed whose bytes a file has.
    public var mount: (key: PublicKey, version: UInt64?, isHypercore: Bool)?
    /// Written by some; never checked by anybody.
    public var mountHash: [UInt8]?
    /// Extended attributes in the writer's order; `nil` = removed by an old client.
    public var attributes: [(name: String, value: [UInt8]?)] = []

    /// A Stat with nothing but a mode.
    public init(mode: UInt32) { self.mode = mode }

    /// The kind that the type bits say. Types are values, not flags: a symlink's bits contain
    /// those of a file.
    public var kind: Kind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symlink
        default: .other
        }
    }

    /// A file without bytes.
    public static func file(mode: UInt32 = 0o644, mtime: UInt64) -> Stat {
        made(S_IFREG, mode, mtime)
    }

    /// A folder.
    public static func directory(mode: UInt32 = 0o755, mtime: UInt64) -> Stat {
        made(S_IFDIR, mode, mtime)
    }

    /// A link to a target.
    public static func symlink(_ target: String, mode: UInt32 = 0o777, mtime: UInt64) -> Stat {
        var stat = made(S_IFLNK, mode, mtime)
        stat.linkname = target
        return stat
    }

    /// The same with other content.
    public func with(_ content: ContentRange) -> Stat {
        var stat = self
        stat.size = content.size
        stat.blocks = content.blocks.upperBound - content.blocks.lowerBound
        stat.offset = content.blocks.lowerBound
        stat.byteOffset = content.byteOffset
        return stat
    }

    private static func made(_ type: UInt32, _ mode: UInt32, _ mtime: UInt64) -> Stat {
        var stat = Stat(mode: type | (mode & 0o7777))
        stat.mtime = max(mtime, 1)
        stat.ctime = stat.mtime
        return stat
    }

    /// Whether everything is the same, order of the attributes included.
    public static func == (a: Stat, b: Stat) -> Bool {
        a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.size == b.size
            && a.blocks == b.blocks && a.offset == b.offset && a.byteOffset == b.byteOffset
            && a.mtime == b.mtime && a.ctime == b.ctime && a.linkname == b.linkname
            && a.mount?.key == b.mount?.key && a.mount?.version == b.mount?.version
            && a.mount?.isHypercore == b.mount?.isHypercore && a.mountHash == b.mountHash
            && a.attributes.elementsEqual(b.attributes) {
                $0.name == $1.name && $0.value == $1.value
            }
    }
}

/// Where the bytes of a file are in a content feed.
public struct ContentRange: Sendable, Equatable {
    /// The blocks that hold them, and nothing else.
    public var blocks: Range<UInt64>
    /// Byte of the feed at which they begin.
    public var byteOffset: UInt64
    /// How many there are.
    public var size: UInt64

    /// A range of a feed.
    public init(blocks: Range<UInt64>, byteOffset: UInt64, size: UInt64) {
        self.blocks = blocks
        self.byteOffset = byteOffset
        self.size = size
    }
}

extension Stat {
    /// Content blocks of a file.
    public var contentBlocks: Range<UInt64> {
        let (end, overflow) = offset.addingReportingOverflow(blocks)
        return overflow ? offset..<offset : offset..<end
    }
}
