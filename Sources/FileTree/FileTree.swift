/// A drive as POSIX: inodes, handles, read-ahead and invalidation, without any FUSE
/// (DESIGN.md sections 3 and 6).
public enum FileTree {}
