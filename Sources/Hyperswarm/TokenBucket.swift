import NIOCore

/// A rate limit: so many a second, with a stock for bursts. A plain value, time passed in.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var last: NIODeadline

    init(perSecond: Double, burst: Double, now: NIODeadline) {
        self.perSecond = perSecond
        self.burst = burst
        tokens = burst
        last = now
    }

    /// Takes some if they are there; else takes none.
    mutating func take(_ count: Double, now: NIODeadline) -> Bool {
        if now > last {
            tokens = min(burst, tokens + Double((now - last).nanoseconds) / 1e9 * perSecond)
            last = now
        }
        guard tokens >= count else { return false }
        tokens -= count
        return true
    }
}
