import HyperCrypto
import Hypercore

/// One feed with all its peers: who has it open, what is on its way, who waits for what.
final class FeedReplication {
    let feed: Feed
    /// In the order of coming.
    let number: UInt64
    let discoveryKey: DiscoveryKey
    /// Channels that both sides have opened.
    var channels: [FeedChannel] = []
    /// We want to read: it is opened on every connection.
    var isJoined = false
    var isFollowed = false
    /// It is ours, and peers are asked whether somebody else has written to it.
    var isAudited = false
    /// It came here because a peer asked for it: a share, or a cached drive of others.
    var isForPeers = false

    /// Blocks on their way, with the number of peers that were asked.
    var reserved: [UInt64: UInt8] = [:]
    /// Demands under the first block that each of them lacks.
    var waiting: [UInt64: [ActiveDemand]] = [:]
    /// Demands for blocks, all of them.
    var blockDemands: [DemandID: ActiveDemand] = [:]
    /// Demands for a byte's position or a length: few, looked at whenever the feed changes.
    var otherDemands: [ActiveDemand] = []
    /// It could not be stored: not followed before this time.
    var restsUntil: ContinuousClock.Instant?
    /// Blocks below this have been demanded whole by `follow`.
    var wholeUpTo: UInt64 = 0

    /// The mean size of the feed's blocks, as far as its length is known.
    private(set) var typicalBytes = SchedulerLimits.blockBytesGuess
    private(set) var knownLength: UInt64 = 0
    var statistics = TransferStatistics()

    // -- what the turn's end has to look at
    /// Peers have told what they have, or have left.
    var availabilityChanged = false
    /// Blocks, hashes or length are new here.
    var contentChanged = false
    var isChanged: Bool { availabilityChanged || contentChanged }

    // -- announcing
    let mailbox = EventMailbox()
    var observation: Feed.Observation?
    var news = RangeCollector(limit: SchedulerLimits.announceRangesMax)
    var announceAt: ContinuousClock.Instant?

    init(_ feed: Feed, number: UInt64) {
        self.feed = feed
        self.number = number
        discoveryKey = feed.discoveryKey
        measure()
    }

    /// Storing may be tried again.
    func endRest() {
        restsUntil = nil
        wholeUpTo = 0
    }

    /// All demands, oldest first.
    var demandsInOrder: [ActiveDemand] {
        (Array(blockDemands.values) + otherDemands).sorted { $0.id.raw < $1.id.raw }
    }

    /// What a request for one block counts in a peer's window.
    var requestBytes: Int { max(typicalBytes, SchedulerLimits.answerBytesMin) }

    /// Blocks that are fetched together when the order does not matter.
    var blocksPerPiece: UInt64 {
        UInt64(max(1, SchedulerLimits.scatterPieceBytes / requestBytes))
    }

    /// Whether a peer has everything.
    func isSource(_ channel: FeedChannel) -> Bool {
        channel.remote.contiguous >= max(1, feed.length)
    }

    /// Whether anybody has a block who has not everything.
    func isSpread(_ block: UInt64) -> Bool {
        channels.contains { $0.remote.has(block) && !isSource($0) }
    }

    /// Looks at the feed's length anew.
    func measure() {
        let length = feed.length
        guard length > 0, length != knownLength else { return }
        knownLength = length
        typicalBytes = Int(clamping: min(feed.byteLength / length, 8 << 20))
    }

    /// One peer less is asked for a block.
    func release(_ block: UInt64) {
        guard let holders = reserved[block] else { return }
        reserved[block] = holders > 1 ? holders - 1 : nil
    }

    func reserve(_ block: UInt64) { reserved[block, default: 0] += 1 }

    /// Nobody needs this any more.
    var isUnused: Bool {
        channels.isEmpty && !isJoined && !isFollowed && blockDemands.isEmpty
            && otherDemands.isEmpty
    }
}
