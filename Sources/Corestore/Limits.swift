/// Bounds that docs/spec/corestore.md section 8 sets.
enum SpecLimits {
    /// Bytes of a feed's name. An empty one would be the same key in every application.
    static let nameBytesMax = 65535
    /// Bytes of the master key, of a public key's file.
    static let keyBytes = 32
}

/// Bounds of our own; nobody else notices a change.
enum OwnLimits {
    /// Feeds kept open beyond those in use: four descriptors each, out of the usual 1024.
    static let openFeedsMax = 128
    /// Of those over the bound, how many are closed at once, so that it is not done each time.
    static let closedAtOnce = 16
    /// Discovery keys remembered as not stored here, so that a peer who asks for thousands costs
    /// no disk access twice.
    static let missesRememberedMax = 4096
    /// Feeds whose companions are remembered; a hundred bytes each.
    static let companionsMax = 100_000
    /// Companions of one feed: a drive has one, its content.
    static let companionsOfOneMax = 16
    /// Bytes of the lock file that are looked at.
    static let lockBytesMax = 256
    /// Bytes of a page that a read-only store has changed in memory.
    static let overlayPageBytes = 4096
}
