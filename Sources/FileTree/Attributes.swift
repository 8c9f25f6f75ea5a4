/// What `stat` shows of one file or folder, and how long the kernel may believe it.
public struct Attributes: Sendable, Equatable {
    /// The kernel's name for it in this mount: another one as soon as the content is another.
    public var node: UInt64
    /// The inode number people see: the same for a path within a drive across remounts.
    public var inode: UInt64
    /// Type and permission bits.
    public var mode: UInt32
    /// Bytes of the file; of a symbolic link, those of its target.
    public var size: UInt64
    /// 512-byte units stored on this machine.
    public var blocks512: UInt64
    /// Owner: whoever mounted.
    public var uid: UInt32
    /// Group: that of whoever mounted.
    public var gid: UInt32
    /// Milliseconds since 1970.
    public var mtime: UInt64
    /// Milliseconds since 1970.
    public var ctime: UInt64
    /// 2 for folders, else 1.
    public var linkCount: UInt32
    /// Number of the drive; a nested drive has its own. (FUSE cannot show it.)
    public var device: UInt64
    /// How long these attributes hold without asking again.
    public var validSeconds: Double
    /// How long the name means this node without asking again.
    public var nameValidSeconds: Double
}
