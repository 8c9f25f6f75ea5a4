/// A handle, and what the kernel may do with it.
public struct Opened: Sendable, Equatable {
    /// The number to use from here on.
    public let handle: UInt64
    /// What the kernel has kept of this node is still right.
    public let keepsCache: Bool
    /// The kernel must not keep anything of it: a generated or growing file.
    public let isDirect: Bool
}
