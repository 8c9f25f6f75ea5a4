import NIOCore

/// The least of a measurement over the last minutes, and what is above it now
/// (docs/spec/utp.md 8). One-way delays are differences of two unrelated clocks, so all
/// comparisons are modulo 2^32. Units: microseconds.
struct DelayHistory {
    /// The least of each minute, the current one last.
    private var minutes: [UInt32] = []
    private var minuteEnds = NIODeadline.uptimeNanoseconds(0)
    private var recent: [UInt32] = []
    private(set) var base: UInt32 = 0

    /// Short peaks do not count: the least of this many samples does.
    private static let recentCount = 3

    var isEmpty: Bool { minutes.isEmpty }

    mutating func add(_ sample: UInt32, now: NIODeadline) {
        if minutes.isEmpty {
            minutes = [sample]
            minuteEnds = now + .minutes(1)
            base = sample
        } else if now >= minuteEnds {
            minutes.append(sample)
            if minutes.count > Limits.UTP.delayHistoryMinutes { minutes.removeFirst() }
            minuteEnds = now + .minutes(1)
            base = minutes.reduce(sample, Self.least)
        } else {
            minutes[minutes.count - 1] = Self.least(minutes[minutes.count - 1], sample)
            base = Self.least(base, sample)
        }
        recent.append(sample)
        if recent.count > Self.recentCount { recent.removeFirst() }
    }

    /// How far the last samples are above the least one; `nil` before the first.
    var excess: Int? {
        guard let first = recent.first else { return nil }
        let least = recent.dropFirst().reduce(first, Self.least)
        return max(0, Int(Int32(bitPattern: least &- base)))
    }

    private static func least(_ one: UInt32, _ other: UInt32) -> UInt32 {
        Int32(bitPattern: one &- other) < 0 ? one : other
    }
}
