/// Bounds that docs/spec/hyperdrive.md section 11 sets: other implementations rely on them.
enum SpecLimits {
    /// Bytes of a path.
    static let pathBytesMax = 4096
    /// Bytes of one name in a path, as in every POSIX file system.
    static let nameBytesMax = 255
    /// Names in a path.
    static let namesMax = 128
    /// Bytes of a symlink's target.
    static let linkBytesMax = 4096
    /// Bytes of an encoded Stat.
    static let statBytesMax = 128 << 10
    /// Bytes of all extended attributes of an entry, names included.
    static let attributeBytesMax = 64 << 10
    /// Extended attributes of an entry.
    static let attributesMax = 256
    /// Bytes of an attribute's name.
    static let attributeNameBytesMax = 255
    /// Greatest number that every implementation can hold exactly.
    static let numberMax: UInt64 = (1 << 53) - 1
    /// Bytes of one content block: the frame limit of the protocol.
    static let blockBytesMax: UInt64 = 8 << 20
    /// Nested drives inside each other on the way to one path.
    static let mountDepthMax = 32
}

/// Bounds of our own; nobody else notices a change.
enum OwnLimits {
    /// Bytes of the content blocks that are written: small enough for a random read, large enough
    /// for little overhead.
    static let blockBytes = 64 << 10
    /// Bytes read from a local file at once.
    static let readBytes = 1 << 20
    /// Nested drives kept open by one drive.
    static let nestedDrivesMax = 1000
    /// Entries of one folder that are listed: half a gigabyte of memory at worst. A hostile drive
    /// may have any number of them.
    static let listedEntriesMax = 1 << 20
    /// Entries that a walk through a drive hands out at once.
    static let walkedAtOnce = 4096
    /// Entries of a whole tree that are gathered to be sorted: a hundred megabytes.
    static let gatheredEntriesMax = 1 << 18
    /// Entries that an import puts into one metadata append: what a killed import does again.
    static let commitEntries = 4096
    /// Content bytes that an import puts under one signature, for the same reason.
    static let commitBytes: UInt64 = 64 << 20
    /// Seconds after which an import commits what it has.
    static let commitSeconds: Int64 = 2
    /// Content bytes on their way from the disk to the feed, over all threads.
    static let inFlightBytes = 16 << 20
    /// Files and pieces of files on their way.
    static let inFlightJobsMax = 256
    /// Times that a file which changes while it is read is read again before it is put off to
    /// the next pass.
    static let readAgainMax = 3
    /// Files that are looked for elsewhere after they are gone; half a KiB each.
    static let movedFilesMax = 20_000
    /// Bytes of an ignore file.
    static let ignoreBytesMax = 1 << 20
    /// Rules of an ignore file; each is tried for each path.
    static let ignoreRulesMax = 10_000
    /// Folders watched; the kernel has its own limit below that.
    static let watchesMax = 1_000_000
    /// Changed paths remembered until somebody asks; beyond, everything is looked through.
    static let changedPathsMax = 10_000
}
