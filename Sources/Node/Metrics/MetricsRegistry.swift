import CoreMetrics
import Synchronization

/// Where swift-metrics puts what the rooms count: in memory, for the page that Prometheus reads.
final class MetricsRegistry: MetricsFactory {
    /// That of this process. Who asks for it first makes it the place for all metrics.
    static let shared: MetricsRegistry = {
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    /// Makes it the place for all metrics, if it is not yet.
    static func install() { _ = shared }

    /// Which number of a family.
    private struct Name: Hashable {
        let label: String
        let dimensions: [String]

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.flatMap { [$0.0, $0.1] }
        }

        var pairs: [(String, String)] {
            stride(from: 0, to: dimensions.count, by: 2).map {
                (dimensions[$0], dimensions[$0 + 1])
            }
        }
    }

    private struct State: Sendable {
        var counters: [Name: CounterMeter] = [:]
        var values: [Name: ValueMeter] = [:]
        var histograms: [Name: HistogramMeter] = [:]
    }

    private let state = Mutex(State())

    /// What people are told of the families that the rooms count.
    private static let help: [String: String] = [
        "hyperfs_fuse_operations_total": "Requests of the kernel, by what they ended in.",
        "hyperfs_fuse_operation_seconds": "How long they took.",
        "hyperfs_cache_hits_total": "Reads that found all blocks here.",
        "hyperfs_cache_misses_total": "Reads that had to wait for blocks.",
        "hyperfs_cache_evictions_total": "Runs of blocks dropped because of the cap.",
        "hyperfs_read_wait_seconds": "How long those reads waited.",
    ]

    /// Adds all of it to the page.
    func add(to page: inout PrometheusText) {
        let state = state.withLock { $0 }
        for (label, group) in Self.families(state.counters) {
            page.add(
                label, .counter, Self.help[label] ?? label,
                group.map { .init(Double($0.meter.value), $0.pairs) })
        }
        for (label, group) in Self.families(state.values) {
            page.add(
                label, .gauge, Self.help[label] ?? label,
                group.map { .init($0.meter.value, $0.pairs) })
        }
        for (label, group) in Self.families(state.histograms) {
            page.add(
                label, Self.help[label] ?? label,
                group.map { ($0.meter.histogram.values, $0.pairs) })
        }
    }

    private static func families<Meter>(
        _ meters: [Name: Meter]
    ) -> [(label: String, group: [(meter: Meter, pairs: [(String, String)])])] {
        Dictionary(grouping: meters, by: \.key.label).sorted { $0.key < $1.key }.map { family in
            let sorted = family.value.sorted {
                $0.key.dimensions.lexicographicallyPrecedes($1.key.dimensions)
            }
            return (family.key, sorted.map { ($0.value, $0.key.pairs) })
        }
    }

    // MARK: MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        state.withLock { Self.meter(label, dimensions, in: &$0.counters) { CounterMeter() } }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        state.withLock { Self.meter(label, dimensions, in: &$0.values) { ValueMeter() } }
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        state.withLock { state -> any RecorderHandler in
            if aggregate {
                return Self.meter(label, dimensions, in: &state.histograms) { HistogramMeter() }
            }
            return Self.meter(label, dimensions, in: &state.values) { ValueMeter() }
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        state.withLock { Self.meter(label, dimensions, in: &$0.histograms) { HistogramMeter() } }
    }

    private static func meter<Meter>(
        _ label: String, _ dimensions: [(String, String)], in meters: inout [Name: Meter],
        make: () -> Meter
    ) -> Meter {
        let name = Name(label, dimensions)
        if let meter = meters[name] { return meter }
        let meter = make()
        // What is over the limit counts, and is not shown.
        if meters.count < Limits.metricsMax { meters[name] = meter }
        return meter
    }

    // A number that was counted stays: Prometheus takes what is missing for a restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

extension Limits {
    /// Numbers of one kind in all families together.
    static let metricsMax = 2000
}
