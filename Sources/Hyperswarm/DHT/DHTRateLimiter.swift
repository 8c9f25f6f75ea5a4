import NIOCore

/// A token bucket for each source. Sources that were silent for as long as an empty bucket takes to
/// fill are forgotten: they could not be told from new ones anyway. In a flood of more sources than
/// there is room for, those already known keep their rights.
struct DHTRateLimiter {
    private let perSecond: Double
    private let burst: Double
    private let period: TimeAmount
    private var young: [UInt64: TokenBucket] = [:]
    private var old: [UInt64: TokenBucket] = [:]
    private var rotated: NIODeadline

    init(perSecond: Double, burst: Double, now: NIODeadline) {
        self.perSecond = perSecond
        self.burst = burst
        period = .nanoseconds(Int64(burst / perSecond * 1e9))
        rotated = now
    }

    enum Verdict {
        case allowed
        case refused
        /// Nothing known of it, and no room to begin.
        case unknown
    }

    mutating func take(_ source: UInt64, now: NIODeadline) -> Verdict {
        forget(now: now)
        guard var bucket = young[source] ?? old[source] ?? newcomer(now: now) else {
            return .unknown
        }
        let isAllowed = bucket.take(1, now: now)
        young[source] = bucket
        return isAllowed ? .allowed : .refused
    }

    /// Lets go of sources that have been silent; called now and then by the idle, too.
    mutating func forget(now: NIODeadline) {
        guard now - rotated >= period else { return }
        old = now - rotated >= period * 2 ? [:] : young
        young = [:]
        rotated = now
    }

    private func newcomer(now: NIODeadline) -> TokenBucket? {
        guard young.count < Limits.DHT.limiterSources else { return nil }
        return TokenBucket(perSecond: perSecond, burst: burst, now: now)
    }
}
