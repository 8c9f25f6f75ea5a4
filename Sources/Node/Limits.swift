import NIOCore

/// Every bound of this module, with its reason.
enum Limits {
    /// How long a read waits for a block, and how long while no peer is known (CLI.md section 2).
    static let timeout: Duration = .seconds(30)
    static let timeoutWithoutPeers: Duration = .seconds(5)
    /// Downloads become durable this often: what a crash loses is fetched again, not lost.
    static let flushInterval: Duration = .seconds(5)
    /// How often drives are looked for that nobody uses any more (`mount --network`).
    static let idleDrivesTick: Duration = .seconds(60)
    /// How often waiting code looks whether peers have come or gone.
    static let patienceTick: Duration = .milliseconds(50)
    /// A wait that is said in the log, once more after twice as long, and so on.
    static let noticedWait: Duration = .seconds(1)
    /// How long a reader waits to hear of a newer version once a peer is there: several round
    /// trips of a slow line. Later news come with the next command.
    static let updateGrace: Duration = .seconds(2)
    /// How long a search in the distributed hash tables counts as hope: three times what it takes
    /// where the network is in order.
    static let searchTime: Duration = .seconds(10)
    /// How often what the swarm remembers is saved.
    static let memoryInterval: Duration = .seconds(300)
    /// The file of it: 400 nodes and 64 peers take 40 kB.
    static let memoryBytesMax = 1 << 20
    /// What has come too early for `--limit-down` waits; a peer that sends more than that unasked
    /// is sent away.
    static let heldBytesMax = 32 << 20
    /// Addresses found on the network whose first dial a waiting reader waits for.
    static let foundMax = 64
    /// How long `doctor` asks around: a lookup in a slow network, and two tries of the router.
    static let examinationTime: Duration = .seconds(8)
    /// A disk with less room than this is worth a warning.
    static let scarceBytes: UInt64 = 1 << 30
    /// The control socket: how long a request may take to come, and one answer to begin; how long
    /// somebody may be silent who may not be the node at all; a path
    /// (of a file, percent-encoded); a request's body (a list of paths); a line that a command
    /// reads (some thousand peers; the largest block in hexadecimal digits, and its proof).
    static let controlTimeout: TimeAmount = .seconds(10)
    static let silenceTime: Duration = .seconds(1)
    static let controlPathBytes = 16 << 10
    static let controlBodyBytes = 1 << 20
    static let controlBytes = 17 << 20
    /// A number in a request: what JSON carries exactly, and far from where sums overflow.
    static let controlNumberMax: UInt64 = 1 << 53
    /// Commands that are connected at once, and those that wait to be.
    static let controlClientsMax = 1024
    static let controlBacklog: CInt = 1024
    /// How deep JSON is nested: nothing of ours goes beyond five.
    static let jsonDepthMax = 32
    /// Events that a slow listener may be behind; then it misses the oldest.
    static let eventsBehindMax = 1024
    /// How long a node without mounts, shares, seeds and clients stays: the next command of a
    /// script comes sooner.
    static let lingerTime: Duration = .seconds(2)
    /// How long a command waits for a node to start, and for one that ends to be gone: on a machine
    /// that has much else to do.
    static let nodeStartTime: Duration = .seconds(30)
    /// How seldom it looks then, after a while.
    static let nodeStartPause: Duration = .milliseconds(160)
    /// How long a command waits for a store whose holder does not listen: one that ends just now,
    /// or a short change by another command.
    static let lockPatience: Duration = .seconds(5)
    /// How long a node that ends waits for its clients to have read their last line.
    static let farewellTime: Duration = .milliseconds(500)
    /// How often it looks again.
    static let nodeStartTick: Duration = .milliseconds(20)
    /// The log of background nodes; twice as much with the one before.
    static let logBytesMax = 4 << 20
    /// How often a mount that is being made tells how the search for its drive goes.
    static let searchTick: Duration = .seconds(1)
    /// How often the progress of an import is told (CLI.md section 4).
    static let progressTick: Duration = .milliseconds(250)
    /// Blocks that a seed asks for at once: 64 MiB of the usual size, in the background.
    static let seedStep: UInt64 = 1024
    /// How long a seed waits after a failure.
    static let seedPause: Duration = .seconds(5)
    /// Mounts of one node. libfuse takes a key of thread-specific data for each, of which a process
    /// has 1024, and without any left the Swift runtime ends it.
    static let mountsMax = 1000
    /// Descriptors that no mount may take: for connections, feeds and commands, and for what the
    /// mounts open later.
    static let sparedFiles = 128
    /// How often a service tells its manager how it does.
    static let reportInterval: Duration = .seconds(10)
    /// A registry file (names, shares) larger than this is not ours.
    static let registryBytesMax = 16 << 20
    /// A local drive name: fits a file name and a URL.
    static let nameBytesMax = 64
    /// Paths inside a drive (docs/spec/hyperdrive.md section 11).
    static let pathBytesMax = 4096
    /// Entries that are copied out in one go, in the order of their content.
    static let copiedAtOnce = 65_536
    /// Blocks that copying out asks for ahead of the one it waits for: 32 MiB of the usual size,
    /// enough for 1 Gbit/s over 250 ms.
    static let copyAheadBlocks: UInt64 = 512
    /// Blocks that one demand of the look-ahead covers: few demands, yet early answers.
    static let copyAheadStep: UInt64 = 64
    /// Partly cached files up to this many blocks are counted to the byte, others in proportion.
    static let countedBlocksMax: UInt64 = 4096
}
