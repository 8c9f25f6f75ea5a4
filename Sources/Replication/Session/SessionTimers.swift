/// When a session must be woken (docs/spec/hypercore-protocol.md section 6).
struct SessionTimers {
    /// Silence after which a connection is dead; `nil` = for ever.
    let timeout: Duration?
    private let handshakeDeadline: ContinuousClock.Instant
    private var lastReceived: ContinuousClock.Instant
    private var lastSent: ContinuousClock.Instant
    /// The latest time that was told. What is sent carries no time of its own: this is never later
    /// than the truth, so that a keep-alive may come early but never late.
    private var now: ContinuousClock.Instant

    init(timeout: Duration, now: ContinuousClock.Instant) {
        self.timeout = timeout > .zero ? timeout : nil
        handshakeDeadline = now.advanced(by: SessionLimits.handshakeTime)
        lastReceived = now
        lastSent = now
        self.now = now
    }

    mutating func advance(to time: ContinuousClock.Instant) { now = max(now, time) }
    mutating func received() { lastReceived = now }
    mutating func sent() { lastSent = now }

    /// Half of the time-out, so that one lost keep-alive is no end.
    private var keepAlive: ContinuousClock.Instant? {
        timeout.map { lastSent.advanced(by: $0 / 2) }
    }
    private var idle: ContinuousClock.Instant? { timeout.map { lastReceived.advanced(by: $0) } }

    var isKeepAliveDue: Bool { keepAlive.map { $0 <= now } ?? false }

    func nextDeadline(established: Bool) -> ContinuousClock.Instant? {
        let other = established ? keepAlive : handshakeDeadline
        guard let idle else { return other }
        return other.map { min($0, idle) } ?? idle
    }

    /// Throws when the remote has been silent, or busy with its handshake, for too long.
    func check(established: Bool) throws(SessionError) {
        if let idle, idle <= now {
            throw .timeout("nothing has come from the peer for \(timeout ?? .zero)")
        }
        if !established, handshakeDeadline <= now {
            throw .timeout("the handshake took more than \(SessionLimits.handshakeTime)")
        }
    }
}
