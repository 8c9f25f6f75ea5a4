import Synchronization

/// How many of the values were how large. Seconds; from any thread.
final class Histogram: Sendable {
    /// The upper bounds of the classes: from what memory answers to where readers give up.
    static let bounds: [Double] = [
        0.000_02, 0.000_1, 0.000_5, 0.002, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    /// What was counted.
    struct Values: Sendable {
        /// For each bound how many were not larger, and at the end all of them.
        var counts = [UInt64](repeating: 0, count: Histogram.bounds.count + 1)
        var sum: Double = 0
    }

    private let state = Mutex(Values())

    /// As of now; `counts` include those of the smaller bounds.
    var values: Values {
        var values = state.withLock { $0 }
        for index in values.counts.indices.dropFirst() {
            values.counts[index] += values.counts[index - 1]
        }
        return values
    }

    func note(_ seconds: Double) {
        let index = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += seconds
        }
    }
}
