import DequeModule
import NIOCore

/// One uTP connection: packets, bytes and time in; packets, bytes, news and the next deadline out
/// (docs/spec/utp.md 3 to 10). A pure state machine; `UTPSocket` owns it.
///
/// After `receive`, `write`, `finish` and `tick` the owner calls `send`, once for a batch of them,
/// and then looks at `takeNews` and `deadline`.
final class UTPConnection {
    enum Phase {
        /// Our SYN is under way.
        case dialing
        /// Their SYN was answered. We must not send data before the first of theirs (4).
        case halfOpen
        case open
        /// Over; still repeats the last acknowledgment, for the peer may have missed it.
        case lingering
        /// Over and forgotten.
        case gone
    }

    /// What the owner should look at.
    struct News: OptionSet {
        let rawValue: UInt8
        static let opened = News(rawValue: 1)
        /// `takeReceived` has bytes.
        static let received = News(rawValue: 2)
        /// `isWritable` changed.
        static let writable = News(rawValue: 4)
        /// The peer sent its last byte, and it was received.
        static let ended = News(rawValue: 8)
        /// Over: `failure` says why, `nil` in good order. Nothing follows.
        static let closed = News(rawValue: 16)
    }

    /// A SYN of ours: after some time a dial is tried under another id as well.
    struct Attempt {
        let receiveID: UInt16
        let sequence: SequenceNumber
        let begin: NIODeadline
        var copies = 0
    }

    let remote: Endpoint
    let isInitiator: Bool
    let memory: UTPMemory
    /// Answers the peer's end with our own, as the sockets of the swarm do (9).
    var answersEnd = true

    var phase: Phase
    /// On which we receive, and with which we send (2).
    var receiveID: UInt16
    var sendID: UInt16
    var failure: UTPError?
    var deadline: NIODeadline?
    var isWritable = true
    var attempts: [Attempt] = []
    var news: News = []

    // Sending.
    var queue: Deque<ByteBuffer> = []
    var queuedBytes = 0
    var packets: SendWindow
    var congestion: CongestionControl
    var size: DatagramSize
    var peerWindow = Limits.UTP.windowInitial
    var isFinishing = false
    /// Our end was cut into a packet.
    var isEndCut = false
    /// When the next packet would leave at an even pace.
    var release = NIODeadline.uptimeNanoseconds(0)
    /// Since then the congestion window, not the application, was the bound.
    var limitedAt: NIODeadline?

    // Receiving.
    var arrivals: ReceiveWindow
    var isDiscarding = false
    var isEndTold = false
    var unacknowledged = 0
    var mustAcknowledge = false
    var advertised = 0

    // Time.
    var roundTrip = RoundTrip()
    /// Of our packets, as the peer measures them.
    var delays = DelayHistory()
    /// Of the peer's last packet, to be told to it.
    var peerDelay: UInt32 = 0
    var lastSent: NIODeadline
    var lastReceived: NIODeadline
    var acknowledgeAt: NIODeadline?
    var lossDeadline: NIODeadline?
    var silences = 0
    var windowClosedAt: NIODeadline?
    var windowProbeAt: NIODeadline?
    var windowProbes = 0
    /// Of every phase but `.open`.
    var phaseEnd: NIODeadline?
    /// Counts against the limit of half-open connections.
    var isCounted = false
    /// The owner was told that it stands.
    var wasOpened = false
    /// The owner of the socket has it on its list of connections to look at.
    var isTouched = false
    /// A SYN came that would begin this connection anew.
    var restart: (sequence: SequenceNumber, at: NIODeadline)?

    private init(
        remote: Endpoint, isInitiator: Bool, receiveID: UInt16, sendID: UInt16,
        sequence: SequenceNumber, acknowledged: SequenceNumber, memory: UTPMemory, now: NIODeadline
    ) {
        self.remote = remote
        self.isInitiator = isInitiator
        self.receiveID = receiveID
        self.sendID = sendID
        self.memory = memory
        phase = isInitiator ? .dialing : .halfOpen
        packets = SendWindow(first: sequence)
        size = DatagramSize(for: remote)
        congestion = CongestionControl(packetBytes: size.payloadBytes)
        arrivals = ReceiveWindow(acknowledged: acknowledged)
        lastSent = now
        lastReceived = now
    }

    /// Dials: the SYN leaves with the next `send`.
    convenience init(
        to remote: Endpoint, receiveID: UInt16, sequence: SequenceNumber, memory: UTPMemory,
        now: NIODeadline
    ) {
        self.init(
            remote: remote, isInitiator: true, receiveID: receiveID, sendID: receiveID &+ 1,
            sequence: sequence + 1, acknowledged: SequenceNumber(0), memory: memory, now: now)
        attempt(receiveID: receiveID, sequence: sequence, now: now)
        phaseEnd = now + Limits.Specification.dialTimeout
    }

    /// Accepts: the answer leaves with the next `send`.
    convenience init(
        accepting syn: UTPHeader, from remote: Endpoint, sequence: SequenceNumber,
        memory: UTPMemory, now: NIODeadline
    ) {
        self.init(
            remote: remote, isInitiator: false, receiveID: syn.connectionID &+ 1,
            sendID: syn.connectionID, sequence: sequence, acknowledged: syn.sequence,
            memory: memory, now: now)
        notePeer(syn, now: now)
        mustAcknowledge = true
        phaseEnd = now + Limits.UTP.halfOpenTime
    }
}

// MARK: - What the owner does

extension UTPConnection {
    /// Whether it is time for another `attempt`.
    func wantsAttempt(now: NIODeadline) -> Bool {
        guard phase == .dialing, attempts.count == 1 else { return false }
        return now >= attempts[0].begin + Limits.UTP.secondAttempt
    }

    /// Begins a dial, or tries it under another id as well.
    func attempt(receiveID: UInt16, sequence: SequenceNumber, now: NIODeadline) {
        attempts.append(Attempt(receiveID: receiveID, sequence: sequence, begin: now))
    }

    /// The ids on which packets may come.
    var receiveIDs: [UInt16] {
        phase == .dialing ? attempts.map(\.receiveID) : [receiveID]
    }

    /// Queues bytes, any number of them; `isWritable` says whether that is wise.
    func write(_ bytes: ByteBuffer) {
        guard !isFinishing, failure == nil, bytes.readableBytes > 0 else { return }
        queuedBytes += bytes.readableBytes
        queue.append(bytes)
        if isWritable, queuedBytes >= Limits.Own.writeHighWater {
            isWritable = false
            news.insert(.writable)
        }
    }

    /// Bytes that came in order, each once.
    func takeReceived() -> [UInt8] {
        let bytes = arrivals.take()
        // A peer that was told of a closed window waits for this.
        if advertised < 2 * Limits.UTP.datagramBytes { mustAcknowledge = true }
        return bytes
    }

    /// Nothing more will be written. What comes is still received.
    func finish() { isFinishing = true }

    /// Nothing more will be written or read: over when the peer has everything.
    func close() {
        isFinishing = true
        isDiscarding = true
        arrivals.discard()
        if phase == .dialing || phase == .halfOpen { end(nil, linger: nil) }
    }

    /// What happened since the last call.
    func takeNews() -> News {
        defer { news = [] }
        return news
    }

    /// Over. Keeps answering until `linger`, where there is one.
    func end(_ failure: UTPError?, linger: NIODeadline?) {
        guard phase != .gone, phase != .lingering else { return }
        self.failure = failure
        news.insert(.closed)
        queue = []
        queuedBytes = 0
        dropArrivals()
        phase = linger == nil ? .gone : .lingering
        phaseEnd = linger
        deadline = linger
    }

    func dropArrivals() {
        memory.reorderBytes -= arrivals.waitingBytes
        arrivals.forget()
    }

    /// Bytes of a full packet.
    var packetBytes: Int { size.payloadBytes }
}
