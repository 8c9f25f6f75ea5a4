import HeapModule
import HyperCrypto
import Hypercore
import Replication
import TestSupport
import Testing

/// A clock that jumps from event to event, and everything that happens on it, in one thread.
final class SimulationWorld: Replicator.Executor, @unchecked Sendable {
    private struct Event: Comparable {
        let at: ContinuousClock.Instant
        let order: UInt64
        let work: () -> Void
        static func < (a: Event, b: Event) -> Bool { (a.at, a.order) < (b.at, b.order) }
        static func == (a: Event, b: Event) -> Bool { a.order == b.order }
    }

    private var events = Heap<Event>()
    private var order: UInt64 = 0
    let start = ContinuousClock.now
    private(set) var now: ContinuousClock.Instant
    var random: SeededRandom
    private(set) var steps = 0
    /// Looked at between events; sentences about what is wrong.
    var checks: [() -> [String]] = []

    init(seed: UInt64 = 1) {
        random = SeededRandom(seed: seed)
        now = start
    }

    var elapsed: Duration { now - start }

    func execute(_ work: @escaping @Sendable () -> Void) { at(now, work) }

    func at(_ time: ContinuousClock.Instant, _ work: @escaping () -> Void) {
        order += 1
        events.insert(Event(at: max(time, now), order: order, work: work))
    }

    func after(_ delay: Duration, _ work: @escaping () -> Void) { at(now + delay, work) }

    /// Runs until the condition holds (true), or nothing happens any more or the time is over.
    @discardableResult
    func run(for limit: Duration = .seconds(600), until done: () -> Bool = { false }) -> Bool {
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

    private func check() {
        for violation in checks.flatMap({ $0() }) {
            Issue.record("after \(elapsed): \(violation)")
            checks = []
        }
    }
}

/// One end of a connection.
final class SimulationEnd {
    let host: any SimulationHost
    var peer: PeerID?
    fileprivate(set) var isOpen = true
    fileprivate var link: SimulationLink?
    fileprivate let isFirst: Bool

    fileprivate init(host: any SimulationHost, isFirst: Bool) {
        self.host = host
        self.isFirst = isFirst
    }

    func send(_ bytes: [UInt8]) { link?.send(bytes, from: self) }
    func close() { link?.close(by: self) }
}

/// Who has connections: a node, or a script that plays one.
protocol SimulationHost: AnyObject {
    func connected(_ end: SimulationEnd, initiator: Bool)
    func received(_ bytes: [UInt8], on end: SimulationEnd)
    func disconnected(_ end: SimulationEnd)
    func writable(_ isWritable: Bool, on end: SimulationEnd)
}

/// A byte stream both ways with a delay and a rate, bounded like a socket's buffer.
final class SimulationLink {
    private static let highMark = 256 << 10
    private static let lowMark = 64 << 10

    let world: SimulationWorld
    /// One way.
    var delay: Duration
    /// Each way.
    var bytesPerSecond: Double
    let first: SimulationEnd
    let second: SimulationEnd
    private var lineFree: [ContinuousClock.Instant]
    private var queued = [0, 0]
    private var isFull = [false, false]
    private(set) var carried = [0, 0]
    /// Bytes disappear, nobody is told.
    var isSilent = false

    @discardableResult
    init(
        _ world: SimulationWorld, from a: any SimulationHost, to b: any SimulationHost,
        delay: Duration = .milliseconds(25), bytesPerSecond: Double = 100e6
    ) {
        self.world = world
        self.delay = delay
        self.bytesPerSecond = bytesPerSecond
        lineFree = [world.now, world.now]
        first = SimulationEnd(host: a, isFirst: true)
        second = SimulationEnd(host: b, isFirst: false)
        first.link = self
        second.link = self
        b.connected(second, initiator: false)
        a.connected(first, initiator: true)
    }

    /// The cable is pulled and both notice.
    func cut() {
        for end in [first, second] where end.isOpen {
            end.isOpen = false
            world.at(world.now) { end.host.disconnected(end) }
        }
    }

    fileprivate func send(_ bytes: [UInt8], from end: SimulationEnd) {
        let way = end.isFirst ? 0 : 1
        guard end.isOpen else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(64 << 10))
            rest = rest.dropFirst(chunk.count)
            queued[way] += chunk.count
            let seconds = Double(chunk.count) / bytesPerSecond
            lineFree[way] = max(lineFree[way], world.now) + .seconds(seconds)
            world.at(lineFree[way]) { self.left(chunk.count, way, end) }
            world.at(lineFree[way] + delay) { self.arrive(chunk, way) }
        }
        if queued[way] > Self.highMark, !isFull[way] {
            isFull[way] = true
            end.host.writable(false, on: end)
        }
    }

    private func left(_ count: Int, _ way: Int, _ end: SimulationEnd) {
        queued[way] -= count
        guard isFull[way], queued[way] < Self.lowMark, end.isOpen else { return }
        isFull[way] = false
        end.host.writable(true, on: end)
    }

    private func arrive(_ bytes: [UInt8], _ way: Int) {
        let target = way == 0 ? second : first
        guard target.isOpen, !isSilent else { return }
        carried[way] += bytes.count
        target.host.received(bytes, on: target)
    }

    fileprivate func close(by end: SimulationEnd) {
        guard end.isOpen else { return }
        end.isOpen = false
        let way = end.isFirst ? 0 : 1
        let other = end.isFirst ? second : first
        // Behind all bytes.
        world.at(max(world.now, lineFree[way]) + delay) {
            guard other.isOpen else { return }
            other.isOpen = false
            other.host.disconnected(other)
        }
        end.host.disconnected(end)
    }
}
