/// Numbers of linux/inotify.h, which Swift imports under several types.
enum Inotify {
    static let attributes: UInt32 = 0x4
    static let closedAfterWriting: UInt32 = 0x8
    static let movedFrom: UInt32 = 0x40
    static let movedTo: UInt32 = 0x80
    static let created: UInt32 = 0x100
    static let deleted: UInt32 = 0x200
    static let watchedIsDeleted: UInt32 = 0x400
    static let watchedIsMoved: UInt32 = 0x800
    /// The queue was full: events were lost.
    static let overflow: UInt32 = 0x4000
    /// The watch is no more.
    static let ignored: UInt32 = 0x8000
    static let isFolder: UInt32 = 0x4000_0000
    /// Flags of a watch: folders only, links not followed, nothing of deleted files still open.
    static let watchFlags: UInt32 = 0x100_0000 | 0x200_0000 | 0x400_0000
    /// Flags of the queue: not blocking, closed on exec.
    static let queueFlags: Int32 = 0o4000 | 0o2000000
}
