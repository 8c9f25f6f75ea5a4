import NIOCore

/// Round-trip times and what follows from them (docs/spec/utp.md 7).
struct RoundTrip {
    private(set) var smoothed: TimeAmount?
    private var variance = TimeAmount.zero
    private var history = DelayHistory()

    /// A measurement by a packet that was sent exactly once.
    mutating func add(_ sample: TimeAmount, now: NIODeadline) {
        let sample = max(.microseconds(1), sample)
        if let smoothed {
            let error = smoothed > sample ? smoothed - sample : sample - smoothed
            variance = .nanoseconds((variance.nanoseconds * 3 + error.nanoseconds) / 4)
            self.smoothed = .nanoseconds((smoothed.nanoseconds * 7 + sample.nanoseconds) / 8)
        } else {
            smoothed = sample
            variance = .nanoseconds(sample.nanoseconds / 2)
        }
        history.add(UInt32(clamping: sample.nanoseconds / 1000), now: now)
    }

    /// The shortest one of the last minutes; `nil` before the first.
    var least: TimeAmount? {
        history.isEmpty ? nil : .microseconds(Int64(history.base))
    }

    /// How much longer the last ones were, in microseconds.
    var excess: Int? { history.excess }

    /// Silence after which everything in flight is taken for lost.
    var timeout: TimeAmount {
        guard let smoothed else { return Limits.UTP.timeoutInitial }
        return max(smoothed + variance * 4, Limits.UTP.timeoutMin)
    }

    /// Silence after which the peer is asked by repeating a packet.
    var probeTimeout: TimeAmount {
        guard let smoothed else { return Limits.UTP.timeoutMin }
        return smoothed + max(variance * 4, .milliseconds(10)) + Limits.UTP.acknowledgmentPatience
    }
}
