import NIOCore

/// When a peer that could not be reached, or was lost, is dialed again
/// (docs/spec/swarm.md 4.4). Peers given by hand are never given up.
struct Redial {
    /// Failures in a row since the last connection.
    private(set) var failures = 0

    /// The connection came about: start anew.
    mutating func succeeded() { failures = 0 }

    /// Counts a failure or loss. How long to wait: `jitter` is drawn evenly from 0...1.
    mutating func delay(jitter: Double) -> TimeAmount {
        let classes = Limits.Specification.redialClasses
        let wait = classes[min(failures, classes.count - 1)]
        failures = min(failures + 1, classes.count)
        let spread = Limits.Specification.redialSpread
        let factor = spread.lowerBound + (spread.upperBound - spread.lowerBound) * jitter
        return .nanoseconds(Int64(Double(wait.nanoseconds) * factor))
    }
}
