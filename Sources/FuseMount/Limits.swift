/// What bounds a mount.
enum Limits {
    /// Requests the kernel may have under way in the background. Its default of 12 lets one stuck
    /// nested drive stop the read-ahead of all others.
    static let backgroundRequests: UInt32 = 256
    /// From here on the kernel calls the mount congested.
    static let congestionRequests: UInt32 = 192
    /// Bytes of one request's data: what libfuse and the kernel agree on at most.
    static let requestBytes = 1 << 20
    /// A block that is evicted between its arrival and the answer is asked for again this often.
    static let readAttempts = 3
    /// Lines of libfuse's own messages that are kept for the next error.
    static let logLines = 16
    /// Bytes of what a helper program says.
    static let helperOutputBytes = 4096
    /// Nodes that the kernel is told of in one message that it should drop.
    static let prunedNodes = 1024
    /// How often a dead mount is taken away once more, and after what pause, while the system has
    /// no process for that.
    static let unmountAttempts = 100
    static let unmountPauseMicroseconds: UInt32 = 50_000
    /// Mounts that fusermount3 allows where /etc/fuse.conf says nothing else.
    static let helperMounts = 1000
    /// Invalidations that may wait; beyond it whoever makes them waits too.
    static let invalidations = 1 << 16
}
