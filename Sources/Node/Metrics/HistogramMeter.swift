import CoreMetrics

/// Times and other values of which the distribution counts.
final class HistogramMeter: TimerHandler, RecorderHandler {
    let histogram = Histogram()

    func recordNanoseconds(_ duration: Int64) { histogram.note(Double(duration) / 1e9) }

    func record(_ value: Int64) { histogram.note(Double(value)) }

    func record(_ value: Double) { histogram.note(value) }
}
