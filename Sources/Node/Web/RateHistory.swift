import Synchronization

/// The rates of the last minutes, for the graph.
final class RateHistory: Sendable {
    /// One second.
    struct Sample: Sendable, Equatable {
        var received: UInt64
        var sent: UInt64
    }

    private let samples = Mutex<[Sample]>([])

    /// One more; the oldest goes.
    func add(_ sample: Sample) {
        samples.withLock { samples in
            samples.append(sample)
            if samples.count > Limits.webSamples { samples.removeFirst() }
        }
    }

    /// The graph, newest at the right.
    var picture: HTML {
        let samples = samples.withLock { $0 }
        let highest = samples.map { max($0.received, $0.sent) }.max() ?? 0
        let top = max(highest, 1)
        let received = Self.points(samples.map(\.received), top)
        let sent = Self.points(samples.map(\.sent), top)
        return """
            <svg class="graph" viewBox="0 0 \(Limits.webSamples - 1) 100" \
            preserveAspectRatio="none" role="img" aria-label="rates of the last two minutes">\
            <polyline class="down" points="\(received)"/><polyline class="up" \
            points="\(sent)"/></svg><small>top: \(WebText.size(highest))/s</small>
            """
    }

    private static func points(_ values: [UInt64], _ top: UInt64) -> String {
        let start = Limits.webSamples - values.count
        return values.enumerated().map { index, value in
            "\(start + index),\(98 - Int(Double(value) / Double(top) * 96))"
        }.joined(separator: " ")
    }
}
