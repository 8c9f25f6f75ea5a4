/// Bounds of what is asked, served and remembered. What the specification fixes comes first, what
/// we chose ourselves second, each with its reason.
enum SchedulerLimits {
    // -- fixed by docs/spec/hypercore.md section 11 and 13

    /// A Want covers exactly this many blocks, aligned to itself (11.2).
    static let wantBlocks: UInt64 = 1_048_576
    /// A Want whose start or length is no multiple of this is ignored (11.2).
    static let wantAlignment: UInt64 = 8192
    /// Unanswered Wants per channel (11.2).
    static let wantsOutstandingMax = 16
    /// No feed is longer (section 13).
    static let lengthMax: UInt64 = 1 << 50
    /// Significant bits of a digest: two per level of the deepest tree (section 13).
    static let digestMax: UInt64 = (1 << 54) - 1

    // -- ours: asking

    /// The reference's own (11.5), where the connection has none.
    static let requestTimeout: Duration = .seconds(20)

    /// A peer's first window, before anything is known about it: the reference's own 16 requests
    /// of 64 KiB blocks. It doubles each round trip while that brings more bytes.
    static let windowBytesMin = 1 << 20
    /// No window grows beyond this: 50 ms of 5 Gbit/s.
    static let windowBytesMax = 32 << 20
    /// How long a followed feed is left alone after it could not be stored (a full disk).
    static let restAfterFailure: Duration = .seconds(10)
    /// How often a peer is asked anew for a proof of what it has of a feed of ours.
    static let auditPause: Duration = .seconds(10)
    /// Requests in flight with one peer, however small the blocks are.
    static let requestsInFlightMax = 1024
    /// What a block of unknown size is taken for.
    static let blockBytesGuess = 64 << 10
    /// What even the smallest answer costs on the way: nodes, signature, frame.
    static let answerBytesMin = 1024
    /// Blocks one demand gets before the next one of the same priority has its turn.
    static let blocksPerTurn = 16
    /// Blocks that are looked at for one demand in one turn before others are served.
    static let walkStepsMax = 2048
    /// Demands that found no room in one pass before the pass ends.
    static let blockedDemandsMax = 64
    /// Demands alive at once; each waits for somebody, so more than this is a leak above us.
    static let demandsMax = 65536
    /// Of the window, background fetching takes one part in this many, so that a reader's block
    /// never queues behind a whole window of it.
    static let backgroundShare = 2
    /// Background bytes in flight while somebody reads from a peer whose speed is not known yet:
    /// about the first flight of a fresh TCP connection.
    static let backgroundBytesMin = 16 << 10
    /// Requests that a foreground block may push in above a full window.
    static let foregroundExtra = 16
    /// A foreground block is late after its expected time times this.
    static let lateFactor = 2
    /// Peers asked for one block at most.
    static let holdersMax = 3
    /// Slack on top, for timers and other work on the loop.
    static let lateSlack: Duration = .milliseconds(20)
    /// The round trip assumed before one was measured.
    static let roundTripGuess: Duration = .milliseconds(200)
    /// Whole small metadata feeds are fetched when followed (DESIGN.md section 3).
    static let followWholeBlocksMax: UInt64 = 65536

    /// Bytes within one time-out that prove a large answer to be on its way, on a very slow line.
    static let progressBytesMin: UInt64 = 16 << 10
    /// Time-outs that such progress puts off: 8 MiB at 28 KB/s.
    static let respitesMax = 15

    // -- ours: whole copies

    /// What each peer is asked for at a time, in its order: a few blocks are better proven
    /// together.
    static let scatterPieceBytes = 16 << 10
    /// Pieces of which the rarest is chosen: almost the rarest of all, at a bounded cost.
    static let scatterSamples = 8
    /// Steps to find a block that one peer has and we lack; the next turn looks elsewhere.
    static let scatterSteps = 64
    /// Blocks that are looked at to find one that only complete peers have.
    static let scatterScan = 64
    /// From a single peer, feeds of smaller blocks than this are fetched in their order.
    static let scatterAloneBytesMin = 4 << 10
    /// A peer is asked for what it delivers in this time: long enough for a full pipe, short enough
    /// to notice that others have become quicker.
    static let copyMoment: Duration = .milliseconds(500)

    // -- ours: remembering what peers have

    /// Partly filled pages of 32768 blocks per channel: 4 MiB of memory.
    static let remotePagesMax = 1024
    /// Entries for wholly filled pages per channel: 2^31 blocks beyond the contiguous start.
    static let remotePageEntriesMax = 65536
    /// Pages that one message may touch; the rest of a larger claim is not remembered.
    static let remotePagesPerMessageMax: UInt64 = 1024

    // -- ours: serving

    /// Requests and Wants waiting per peer. Ours send at most 1024, the reference 32 per channel.
    static let serveQueueMax = 4096
    /// Bytes one peer gets before the next one has its turn.
    static let serveQuantum = 128 << 10
    /// What any answer counts, however small: the work of finding and proving it.
    static let serveCost = 1024
    /// Bytes served in one go before the loop does something else.
    static let serveBytesPerTurn = 1 << 20
    /// Bytes waiting inside a session above which its requests wait too.
    static let outputBytesMax = 1 << 20

    // -- ours: hostile peers

    /// Control messages (all but Request and Data) per second and in a burst. Honest peers announce
    /// a Have per block they download, at most some ten thousand a second.
    static let controlPerSecond = 50_000.0
    static let controlBurst = 200_000.0
    /// What opening a feed counts among control messages.
    static let openingCost = 16
    /// Unknown discovery keys looked up per second and in a burst (a disk access each).
    static let lookupsPerSecond = 256.0
    static let lookupsBurst = 4096.0
    /// Unknown discovery keys remembered per connection.
    static let unknownKeysMax = 4096
    /// How long the answer to an unknown key waits for us to join that feed: a server opens a
    /// drive's content feed before the reader can know its key.
    static let unknownKeyGrace: Duration = .seconds(2)
    /// Data nobody asked for, per connection; stale answers to withdrawn requests are no crime.
    static let unsolicitedMax = 4096
    /// Feeds open with one peer.
    static let channelsMax = 4096

    // -- ours: announcing

    /// Downloaded blocks are announced at most this often; own appends at once.
    static let announceInterval: Duration = .milliseconds(100)
    /// Separate ranges kept for one announcement; beyond, peers get the whole bitfield again.
    static let announceRangesMax = 1024
}
