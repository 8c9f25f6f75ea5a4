import HyperCrypto
import Hypercore

/// One connection: its session, its feeds, its window, its queue.
final class PeerState {
    /// Nobody sends messages of this extension. Having it says: a request for what is not there is
    /// answered by Unhave, where the reference ends the connection
    /// (docs/spec/hypercore.md, trap 17).
    static let politeExtension = "hyperfs"

    let id: PeerID
    var session: Session
    let isInitiator: Bool
    let connectedAt: ContinuousClock.Instant
    var firstBytesAt: ContinuousClock.Instant?
    /// Whether the handshake is done and the connection is to be used.
    var isEstablished = false
    /// Feeds it opened on a connection that is not used; answered if it comes to be.
    var held: [DiscoveryKey] = []
    /// The transport takes more.
    var isWritable = true
    /// Removed; what still refers to it does nothing.
    var isGone = false
    /// Our channels, open on both sides or not.
    var channels: [Session.ChannelID: FeedChannel] = [:]
    var channelOf: [DiscoveryKey: FeedChannel] = [:]
    /// Feeds the peer opened and we do not know (yet), with the time when we say so.
    var unknown: [DiscoveryKey: ContinuousClock.Instant] = [:]
    /// Feeds it asked for and did not get: offered again should they become available.
    var missed: Set<DiscoveryKey> = []

    // -- asking
    var isPolite = false
    var estimator: DeliveryEstimator
    var bytesInFlight = 0
    var requestsInFlight = 0
    /// When the oldest wait began: the first request in flight, or the last answer (11.5).
    private(set) var waitingSince: ContinuousClock.Instant
    private(set) var lastAnswerAt: ContinuousClock.Instant
    /// A block from here was late and nothing has come since: others are asked first.
    var isStalled = false

    /// Blocks it claimed and then did not have, less those it delivered: claims are worth less.
    var disappointments = 0
    /// Bytes received when the wait began, and how often it may yet begin anew without an answer.
    private(set) var bytesWhenWaitBegan: UInt64 = 0
    private(set) var respites = SchedulerLimits.respitesMax

    // -- serving
    var queue = ServeQueue()
    var isInServeRing = false

    // -- hostility
    var controls: TokenBucket
    var lookups: TokenBucket
    var unsolicited = 0

    var isDirty = false
    var bytesSent: UInt64 = 0

    init(id: PeerID, session: Session, isInitiator: Bool, now: ContinuousClock.Instant) {
        self.id = id
        self.session = session
        self.isInitiator = isInitiator
        connectedAt = now
        waitingSince = now
        lastAnswerAt = now
        estimator = DeliveryEstimator(now: now)
        controls = TokenBucket(
            perSecond: SchedulerLimits.controlPerSecond, burst: SchedulerLimits.controlBurst,
            now: now)
        lookups = TokenBucket(
            perSecond: SchedulerLimits.lookupsPerSecond, burst: SchedulerLimits.lookupsBurst,
            now: now)
    }

    /// The time-out of requests runs from here.
    func beginWait(_ now: ContinuousClock.Instant) {
        waitingSince = now
        bytesWhenWaitBegan = session.bytesReceived
    }

    /// Lets the wait begin anew without an answer, some times.
    func takeRespite(_ now: ContinuousClock.Instant) -> Bool {
        guard respites > 0 else { return false }
        respites -= 1
        beginWait(now)
        return true
    }

    /// It has answered something.
    func answered(_ now: ContinuousClock.Instant) {
        lastAnswerAt = now
        respites = SchedulerLimits.respitesMax
        isStalled = false
    }

    /// When a request for so many bytes, made now, will be answered.
    func expectedDelay(ofBytes bytes: Int) -> Duration {
        let delay = estimator.expectedDelay(ofBytes: bytesInFlight + bytes)
        let distrust = (isStalled ? 16 : 1) * (1 + min(disappointments, 1024))
        return distrust == 1 ? delay : delay * distrust
    }

    /// Whether a block of this size fits into the window. `share`: the part of the window that
    /// background work must leave alone is honoured.
    func hasRoom(
        for priority: Demand.Priority, bytes: Int, whileReading: Bool
    ) -> Bool {
        if requestsInFlight == 0 { return true }
        var window = estimator.windowBytes
        var requests = SchedulerLimits.requestsInFlightMax
        switch priority {
        case .foreground:
            window += SchedulerLimits.foregroundExtra * bytes
            requests += SchedulerLimits.foregroundExtra
        case .readAhead: break
        case .background:
            guard whileReading else { break }
            // No more than the pipe is known to take at once: on a fresh connection the transport
            // sends a few packets per round trip, and a reader's answer waits behind all of them.
            window = min(
                window / SchedulerLimits.backgroundShare,
                max(SchedulerLimits.backgroundBytesMin, estimator.pipeBytes))
        }
        return requestsInFlight < requests && bytesInFlight + bytes <= window
    }

    /// The window of whole copies (`Engine.scatter`), smaller while somebody reads.
    func copyWindow(whileReading: Bool) -> Int {
        let window = estimator.copyWindowBytes
        guard whileReading else { return window }
        return min(
            window / SchedulerLimits.backgroundShare,
            max(SchedulerLimits.backgroundBytesMin, estimator.pipeBytes))
    }

    /// Whether a block of this size fits into a window.
    func hasRoom(_ bytes: Int, window: Int) -> Bool {
        guard requestsInFlight > 0 else { return true }
        return requestsInFlight < SchedulerLimits.requestsInFlightMax
            && bytesInFlight + bytes <= window
    }

    /// Whether more may be put into its output now.
    var takesOutput: Bool {
        !isGone && isWritable && session.queuedBytes < SchedulerLimits.outputBytesMax
    }
}
