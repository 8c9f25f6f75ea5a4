/// What bounds the tables, queues and waits of a tree.
enum Limits {
    // MARK: Fixed by POSIX and docs/spec/hyperdrive.md section 11

    /// Bytes of one name.
    static let nameBytes = 255
    /// Bytes of a path within a drive.
    static let pathBytes = 4096
    /// Nested drives on one path (docs/spec/mountable-hypertrie.md section 4).
    static let nestingDepth = 32
    /// Bytes of a generated file (docs/spec/daemon-and-fuse.md section 8).
    static let reportBytes = 16 << 20
    /// Greatest value a drive may give a number.
    static let integer: UInt64 = (1 << 53) - 1

    // MARK: Ours

    /// Operations that wait on one drive. A kernel sends at most some hundreds of background reads,
    /// each process one operation more; beyond this a drive is stuck and its users are told.
    static let waitingOperations = 1024
    /// Rounds of one read: guess the blocks, ask for tree nodes, ask for the right blocks, and the
    /// same again for the tail of a file of uneven blocks.
    static let readRounds = 64
    /// How long the kernel keeps names and attributes. It is told of every change, so that this
    /// only bounds the memory of a kernel that never forgets.
    static let validSeconds = 3600.0
    /// The same while part of the file is not here: its count of local blocks moves by itself.
    static let partialValidSeconds = 1.0
    /// Entries of listings kept for the next `opendir`: about 20 MB.
    static let listedEntries = 1 << 16
    /// Versions that `.hyperfs/versions` lists; the others are there without being listed.
    static let versionsListed: UInt64 = 16
    /// Words of 64 confirmed blocks in a file's map: 32 GiB of file at 64 KiB a block.
    static let confirmedWords = 8192
    /// Reads at which the ends of a file are checked before its end blocks are here.
    static let earlyChecks = 8
    /// Blocks whose sizes are added up for `user.hyperfs.cached`; beyond it the mean is taken.
    static let sizedBlocks: UInt64 = 4096
    /// Changes are gathered this long before the kernel hears of them: an import that appends file
    /// by file becomes some updates a second, and still shows well within a second.
    static let settleMilliseconds = 30
    /// A comparison of versions that failed is tried again after this.
    static let retryMilliseconds = 500

    // MARK: Read-ahead

    /// First window, two blocks of our own writers: who reads a header only is not fed more.
    static let readAheadBytesMin: UInt64 = 128 << 10
    /// The kernel's workers deliver a sequential reader's requests out of order by this much.
    static let readAheadSlack: UInt64 = 256 << 10
    /// Demands of one reader that may be under way.
    static let readAheadDemands = 16
    /// Blocks asked for beyond the end of a file, for runs of small files.
    static let runBlocksMax: UInt64 = 512
    /// Blocks between two files that still count as a run (a folder entry, a skipped file).
    static let runGapBlocks: UInt64 = 4
}
