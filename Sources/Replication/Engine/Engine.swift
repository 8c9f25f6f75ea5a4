import DequeModule
import HyperCrypto
import Hypercore
import Synchronization

/// What a `Replicator` is made of: all state, confined to its executor.
///
/// Every entry is a *turn*: something happens, then demands are given to peers, peers are served,
/// output leaves, and the next wake-up is set. Nothing in here calls back into an entry, but the
/// owner of the output may (a transport that closes at once): such a call joins the turn.
///
/// `@unchecked Sendable`: everything is touched on the executor only, but for `demandIDs` and
/// `peerCounts`, which have their own protection.
final class Engine: @unchecked Sendable {
    let configuration: Session.Configuration
    let directory: any Replicator.Directory
    let output: any Replicator.Output
    let executor: any Replicator.Executor
    var random: any RandomSource

    var peers: [PeerID: PeerState] = [:]
    var totals = BlockTotals()
    var feeds: [DiscoveryKey: FeedReplication] = [:]
    var demands = DemandTable()
    var lastPeer: UInt64 = 0
    var lastFeed: UInt64 = 0
    /// Names of demands; those of our own come from here as well.
    let demandIDs = Atomic<UInt64>(0)
    /// Open channels per feed, readable from any thread.
    let peerCounts = Mutex<[DiscoveryKey: Int]>([:])
    var isClosed = false

    // -- the present turn
    var depth = 0
    var now: ContinuousClock.Instant
    var dirty: [PeerState] = []
    var changed: [FeedReplication] = []
    /// Peers with something to be served, in turn.
    var serveRing: Deque<PeerState> = []
    var isServePosted = false
    /// Feeds that something happened to outside of a turn.
    var mailed: [FeedReplication] = []
    var unannounced: [FeedReplication] = []
    /// Somebody has more room, or more blocks, than when `scatter` looked last.
    var isScatterDue = true
    /// Whom `scatter` asks first.
    var scatterTurn = 0
    /// When the last foreground demand was made: background work steps back for a while.
    var lastForeground: ContinuousClock.Instant?

    /// Readers wait for blocks that may become late.
    var isHedgeDue = false
    var hedgeAt: ContinuousClock.Instant?

    // -- the next wake-up
    var wakeAt: ContinuousClock.Instant?
    var isWakeNew = false
    var isRearmDue = false

    init(
        configuration: Session.Configuration, directory: any Replicator.Directory,
        output: any Replicator.Output, executor: any Replicator.Executor, random: any RandomSource
    ) {
        self.configuration = configuration
        self.directory = directory
        self.output = output
        self.executor = executor
        self.random = random
        now = executor.now
    }

    /// Runs an entry and everything that follows from it.
    func turn(_ body: () -> Void) {
        depth += 1
        if depth == 1 { now = executor.now }
        body()
        if depth == 1 { settle() }
        depth -= 1
    }

    /// Ends a turn. Bounded: what cannot be done now is posted or waits for an event.
    private func settle() {
        collectMail()
        reviewChanges()
        schedule()
        if isHedgeDue { hedge() }
        announceDue()
        serve()
        flush()
        postServing()
        if isRearmDue { rearm() }
        if isWakeNew, let wakeAt {
            isWakeNew = false
            output.wake(at: wakeAt)
        }
    }

    /// Asks to be woken no later than this.
    func arm(_ deadline: ContinuousClock.Instant?) {
        guard let deadline else { return }
        if let wakeAt, wakeAt <= deadline { return }
        wakeAt = deadline
        isWakeNew = true
    }

    func markDirty(_ peer: PeerState) {
        guard !peer.isDirty else { return }
        peer.isDirty = true
        dirty.append(peer)
    }

    func markChanged(_ replication: FeedReplication, content: Bool) {
        isScatterDue = true
        if !replication.isChanged { changed.append(replication) }
        if content {
            replication.contentChanged = true
        } else {
            replication.availabilityChanged = true
        }
    }

    func send(_ message: Message, on channel: FeedChannel) {
        guard channel.isOpen, !channel.peer.isGone else { return }
        channel.peer.session.send(message, on: channel.id)
        markDirty(channel.peer)
    }

    /// Hands to the transport what the sessions have ready.
    func flush() {
        // Sending may make the transport call back: then more becomes dirty.
        while !dirty.isEmpty {
            let batch = dirty
            dirty = []
            for peer in batch {
                peer.isDirty = false
                flush(peer)
            }
        }
    }

    func flush(_ peer: PeerState) {
        guard !peer.isGone else { return }
        let bytes = peer.session.takeOutput()
        guard !bytes.isEmpty else { return }
        peer.bytesSent &+= UInt64(bytes.count)
        output.send(bytes, to: peer.id)
    }

    /// An answer is overdue after this; the connection's own time-out may be off.
    var requestTimeout: Duration {
        configuration.timeout > .zero ? configuration.timeout : SchedulerLimits.requestTimeout
    }

    /// The same order in every run: a seed must tell the whole story.
    var feedsInOrder: [FeedReplication] { feeds.values.sorted { $0.number < $1.number } }
    var peersInOrder: [PeerState] { peers.values.sorted { $0.id.raw < $1.id.raw } }

    func freshDemandID() -> DemandID {
        DemandID(demandIDs.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}
