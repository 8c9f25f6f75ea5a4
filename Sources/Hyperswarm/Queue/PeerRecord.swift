/// How it went with one address so far: its priority, and whether to try again
/// (docs/spec/swarm.md 4.3 and 4.4; step for step the reference's).
struct PeerRecord: Hashable, Sendable {
    /// 0...5; higher is served first.
    private(set) var priority: Int
    /// Failures in a row.
    private(set) var retries: Int
    /// Whether it was ever connected.
    private(set) var isProven = false
    /// Whether it is being dialed, connected, or waits for its next attempt.
    private(set) var isActive = false
    private(set) var wasTried = false
    private(set) var isBanned = false
    /// Whether it can be reached by TCP, as far as is known.
    private(set) var isFirewalled = true
    /// Whether it is tried again when it is lost.
    var reconnects = true

    /// A new one. Only the LAN stands above the rest; our own address gets one attempt.
    init(isLocal: Bool, isBehindOurAddress: Bool = false) {
        priority = isBehindOurAddress ? 1 : isLocal ? 3 : 2
        retries = isBehindOurAddress ? Limits.Queue.retryClasses.count : 0
    }

    /// Whether "nobody has it" has to wait for this one.
    var isPrioritized: Bool { priority >= Limits.Queue.prioritized }

    /// An attempt begins.
    mutating func taken() {
        isActive = true
        wasTried = true
    }

    /// The attempt succeeded.
    mutating func connected(isTCP: Bool) {
        isProven = true
        retries = 0
        isFirewalled = !isTCP
    }

    /// The attempt failed, or the connection was lost. The class of waiting before the next one;
    /// `nil`: given up.
    mutating func requeue() -> Int? {
        guard !isBanned, reconnects else { return nil }
        defer { retries += 1 }
        return retries < Limits.Queue.retryClasses.count ? retries : nil
    }

    /// The wait is over. Whether it goes back into the queue.
    mutating func waited() -> Bool {
        isActive = false
        return update()
    }

    /// The application found fault with a connection: counts as a failed retry. Whether it may
    /// be tried again.
    mutating func backedOff() -> Bool {
        retries += 1
        return update()
    }

    /// Never again.
    mutating func ban() { isBanned = true }

    /// Sets the priority anew. Whether the peer may be queued.
    @discardableResult
    mutating func update() -> Bool {
        guard !isBanned, retries <= Limits.Queue.retryClasses.count else { return false }
        guard wasTried, retries > 0 else { return true }
        if !isProven {
            priority = 0
        } else {
            priority = retries == 1 ? 5 : retries == 2 ? 4 : 1
        }
        return true
    }
}
