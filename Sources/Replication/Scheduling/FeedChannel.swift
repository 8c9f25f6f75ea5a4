import Hypercore

/// One feed with one peer: what the peer has, what it was asked for, what it wants to hear.
final class FeedChannel {
    /// A block on its way to us.
    struct Outstanding {
        let sample: DeliveryEstimator.Sample
        /// What it counts in the peer's window.
        let bytes: Int
        /// From then on a foreground block is asked from a second peer too.
        let lateAt: ContinuousClock.Instant
    }
    /// A request for hashes only: of a block, or by the byte it holds.
    struct Ask {
        let sample: DeliveryEstimator.Sample
        let lateAt: ContinuousClock.Instant
    }

    let id: Session.ChannelID
    let peer: PeerState
    let replication: FeedReplication
    /// Both sides have opened it.
    var isOpen = false

    // -- the remote as a source
    var remote = RemoteBitfield()
    var remoteUploading = true
    /// It has not told what it has, and may be asked all the same.
    var isHopeful = false
    var outstanding: [UInt64: Outstanding] = [:]
    var hashes: [UInt64: Ask] = [:]
    var seek: (byte: UInt64, ask: Ask)?
    /// The reference answers the same byte only once in a row (11.4), so it is asked only once.
    var soughtBytes: Set<UInt64> = []
    /// The block of a feed of ours whose proof the peer was asked for, and when it was asked last.
    var audit: UInt64?
    var auditedAt: ContinuousClock.Instant?
    var auditSample: DeliveryEstimator.Sample?
    /// It is closed as soon as that is answered.
    var closesAfterAudit = false
    /// Wants sent, by number of their range of 1048576 blocks.
    var wanted: Set<UInt64> = []
    var wantsOutstanding = 0
    /// A very old peer answers no Want (11.2).
    var answersWants = true
    /// Positions of a demand that are fetched one after another (`Engine.scatter`).
    var piece: Range<UInt64>?
    /// A demand for which this peer has nothing that is not here or on its way.
    var spentDemand: DemandID?
    /// The demand that follows this peer's length, if there is one.
    var followDemand: DemandID?

    // -- the remote as a reader
    var remoteDownloading = true
    /// It has sent a Want: it hears of every change.
    var isSubscribed = false
    /// It wants to hear that what it sent was stored (11.5).
    var wantsAcks = false
    /// Announcements were withheld while it did not read: it gets the bitfield when it does.
    var missedAnnouncements = false
    var remoteNodes = RemoteNodes()
    var lastServedByte: UInt64 = 0

    // -- counters, of block bytes
    var statistics = TransferStatistics()

    init(id: Session.ChannelID, peer: PeerState, replication: FeedReplication) {
        self.id = id
        self.peer = peer
        self.replication = replication
    }

    /// Whether a block may be asked here.
    func offers(_ block: UInt64) -> Bool {
        isOpen && remoteUploading && (remote.has(block) || isHopeful)
    }

    var isIdle: Bool { audit == nil && outstanding.isEmpty && hashes.isEmpty && seek == nil }
}
