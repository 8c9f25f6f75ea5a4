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

    private mutating func refill(now: NIODeadline) {
        guard now > last else { return }
        tokens = min(burst, tokens + Double((now - last).nanoseconds) / 1e9 * perSecond)
        last = now
    }

    /// Takes some, also when they are not there: then returns how long it takes until they are.
    mutating func spend(_ count: Double, now: NIODeadline) -> TimeAmount? {
        refill(now: now)
        tokens -= count
        guard tokens < 0 else { return nil }
        return .nanoseconds(Int64(-tokens / perSecond * 1e9) + 1)
    }

    /// Takes some if they are there; else takes none.
    mutating func take(_ count: Double, now: NIODeadline) -> Bool {
        refill(now: now)
        guard tokens >= count else { return false }
        tokens -= count
        return true
    }
}
