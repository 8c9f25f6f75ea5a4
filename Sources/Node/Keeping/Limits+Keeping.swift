/// Bounds of what keeps and drops local copies.
extension Limits {
    /// Pins of a store.
    static let pinsMax = 10_000
    /// Blocks that are hashed again before progress is told: some 16 MiB.
    static let verifiedAtOnce: UInt64 = 256
    /// Bad blocks whose files are named; each is looked for in the whole drive.
    static let badBlocksNamed = 1000
    /// Files that are named then.
    static let badFilesNamed = 10_000
    /// Ranges of blocks that are gathered before those that touch become one.
    static let rangesGathered = 65_536
    /// How long a pin waits after a failure before it is tried again.
    static let pinRetry: Duration = .seconds(60)
}
