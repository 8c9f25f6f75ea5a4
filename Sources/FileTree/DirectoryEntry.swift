/// One name of a folder's list.
public struct DirectoryEntry: Sendable {
    /// The name alone.
    public let name: String
    /// The inode number that people see.
    public let inode: UInt64
    /// Type bits.
    public let mode: UInt32
    /// What `lookup` would have answered, and counted as one, when the list was read with
    /// attributes; nil where the kernel has to look up by itself.
    public let attributes: Attributes?
}
