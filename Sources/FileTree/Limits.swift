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
    /// Entries of a folder that are listed while somebody waits and the gate is held: 100 ms. What
    /// is longer is made piece by piece in between.
    static let listedAtOnce = 1 << 13
    /// Entries that are looked up on the way there before they are put together.
    static let listedPiece = 1024
    /// Times that a long list is begun anew because the folder has changed meanwhile.
    static let listingRounds = 16
    /// Long lists that are known; those that are refused take no memory.
    static let longLists = 1024
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

    // MARK: Many drives under one roof

    /// Drives that are open at once: each has two feeds of four files, out of 4096 descriptors.
    static let roofDrives = 256
    /// From here on the longest unused are let go, however short that is.
    static let roofDrivesCrowded = 192
    /// Drives of which is remembered that they were entered from one of those.
    static let enteredDrives = 1000
    /// One of which nothing was asked in so long, nothing is open, and nothing waits to be
    /// committed, is let go once the kernel has forgotten it.
    static let roofIdleSeconds = 600
    /// How often that is looked at.
    static let roofSweepSeconds = 60
    /// How long the kernel keeps the name of a drive without asking again, so that it is known
    /// which are in use.
    static let roofValidSeconds = 10.0

    // MARK: Writing

    /// Bytes written to one file that stay in memory: most files are smaller, and making a file
    /// for each costs more than writing it.
    static let stagedFileMemoryBytes = 128 << 10
    /// Bytes of all files together that stay in memory.
    static let stagedMemoryBytes = 24 << 20
    /// Items of a drive in use before those are swept out that nobody uses any more.
    static let itemsSweptMin = 1024
    /// Ranges of one file's stage; a file that is written in more places is copied whole.
    static let stagedRanges = 16_384
    /// Bytes that are copied at once then.
    static let copiedBytes = 1 << 20
    /// Stages of one file on top of each other: one for each commit that failed and was written
    /// over since.
    static let stagesMax = 8
    /// Written bytes after which the disk's free space is looked at again.
    static let spaceCheckBytes: UInt64 = 8 << 20
    /// Bytes that stay free, so that the tree and the entries of what is written fit as well.
    static let spaceKeptBytes: UInt64 = 4 << 20
    /// Changes gather at least this long: an editor's save or a burst of small files is one commit.
    static let commitDelayMilliseconds = 10
    /// And at most this long, however slow the disk.
    static let commitDelayMillisecondsMax = 500
    /// After a commit of so many changes the next one gathers so many times as long as that took,
    /// and so long at least.
    static let burstChanges = 16
    static let burstDelayFactor = 4
    static let burstDelayMilliseconds = 100
    /// A commit that failed is tried again after this.
    static let commitRetryMilliseconds = 1000
    /// Seconds between two commits of a file that goes on being written, when it is merely closed
    /// by one of its users: each commit appends all of it.
    static let reappendSeconds = 1
    /// Bytes of one file that commits may append again, beside what was written, before they wait
    /// for their turn: some saves of a large file in a row.
    static let reappendBurstBytes: UInt64 = 64 << 20
    /// And then in each second: what a log or a database that nobody syncs adds to the disk.
    static let reappendBytesPerSecond: UInt64 = 1 << 20
    /// What counts against a file at most: a quarter of an hour, however large it is.
    static let reappendDebtBytesMax = reappendBurstBytes + 900 * reappendBytesPerSecond
    /// A commit that appends less again is not counted.
    static let reappendNoticedBytes: UInt64 = 64 << 10
    /// Files that are counted.
    static let reappendedFiles = 1024
    /// Files that somebody waits for, in what a status shows.
    static let waitingReadsShown = 16
    /// Changed paths that may wait for a commit; beyond it whoever changes more waits, too.
    static let waitingChanges = 8192
    /// Entries of a folder that can be renamed: each is two operations of one batch. Beyond it
    /// `mv` is told to copy.
    static let renamedEntries = 65_536
    /// Bytes of one file: what every implementation can count.
    static let fileBytes = integer
    /// Bytes of all extended attributes of an entry, and their number and names, as in
    /// docs/spec/hyperdrive.md section 11.
    static let attributeBytes = 64 << 10
    static let attributes = 256
    /// Names in a path.
    static let pathNames = 128
    /// Bytes of a link's target.
    static let linkBytes = 4096

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
