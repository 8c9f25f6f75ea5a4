/// Bounds of the commands that change a drive.
extension Limits {
    /// Changes in one append of the metadata feed: a folder of so many files is moved as one
    /// change; beyond, readers see it come in parts. Half a KiB of memory each.
    static let editsAtOnce = 65_536
    /// Changes of one command: half a GiB of memory.
    static let plannedEdits = 1 << 20
    /// Content that is copied from another drive under one signature, and the files of it.
    static let copiedBytes: UInt64 = 64 << 20
    static let copiedFiles = 4096
    /// Paths of one request.
    static let editPathsMax = 100_000
    /// Changes from which on a restore looks at all old entries at once.
    static let restoredByWalk = 256
    /// Times that a change is planned anew because somebody else changed the drive meanwhile.
    static let replansMax = 100
}
