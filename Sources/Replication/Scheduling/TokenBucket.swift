/// A rate limit: so many units at once, so many per second after that.
///
/// Hyperswarm has the like of it in SwiftNIO's time, which this module does not import: replication
/// runs by the standard library's clock.
struct TokenBucket {
    let perSecond: Double
    let burst: Double
    private var level: Double
    private var updated: ContinuousClock.Instant

    init(perSecond: Double, burst: Double, now: ContinuousClock.Instant) {
        self.perSecond = perSecond
        self.burst = burst
        level = burst
        updated = now
    }

    /// Takes units; false when there are not enough (then nothing is taken).
    mutating func take(_ units: Double = 1, now: ContinuousClock.Instant) -> Bool {
        if now > updated {
            level = min(burst, level + (now - updated).inSeconds * perSecond)
            updated = now
        }
        guard level >= units else { return false }
        level -= units
        return true
    }
}

extension Duration {
    /// As a number of seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
