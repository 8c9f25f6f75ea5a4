import HeapModule
import Replication
import TestSupport

/// A clock that jumps from event to event, and everything that happens on it, in one thread.
package final class SimulationWorld: Replicator.Executor, @unchecked Sendable {
    private struct Event: Comparable {
        let at: ContinuousClock.Instant
        let order: UInt64
        let work: () -> Void
        static func < (a: Event, b: Event) -> Bool { (a.at, a.order) < (b.at, b.order) }
        static func == (a: Event, b: Event) -> Bool { a.order == b.order }
    }

    private var events = Heap<Event>()
    private var order: UInt64 = 0
    package let start = ContinuousClock.now
    package private(set) var now: ContinuousClock.Instant
    package var random: SeededRandom
    package private(set) var steps = 0
    /// Looked at between events; sentences about what is wrong.
    package var checks: [() -> [String]] = []
    private let report: (String) -> Void

    /// - Parameter report: told what is wrong, as soon as it is.
    package init(seed: UInt64, report: @escaping (String) -> Void) {
        random = SeededRandom(seed: seed)
        now = start
        self.report = report
    }

    package var elapsed: Duration { now - start }

    package func execute(_ work: @escaping @Sendable () -> Void) { at(now, work) }

    package func at(_ time: ContinuousClock.Instant, _ work: @escaping () -> Void) {
        order += 1
        events.insert(Event(at: max(time, now), order: order, work: work))
    }

    package func after(_ delay: Duration, _ work: @escaping () -> Void) { at(now + delay, work) }

    /// Runs until the condition holds (true), or nothing happens any more or the time is over.
    @discardableResult
    package func run(for limit: Duration = .seconds(600), until done: () -> Bool = { false })
        -> Bool
    {
        let end = now + limit
        while !done() {
            guard let next = events.min, next.at <= end else {
                now = max(now, end)
                return done()
            }
            events.removeMin()
            now = max(now, next.at)
            steps += 1
            next.work()
            if steps % 16 == 0 { check() }
        }
        check()
        return true
    }

    /// What was to happen does not.
    package func forgetEvents() { events = Heap() }

    private func check() {
        for violation in checks.flatMap({ $0() }) {
            report("after \(elapsed): \(violation)")
            checks = []
        }
    }
}
