/// A byte stream both ways with a delay and a rate, bounded like a socket's buffer.
package final class SimulationLink: SimulationWire {
    private static let highMark = 256 << 10
    private static let lowMark = 64 << 10

    let world: SimulationWorld
    /// One way.
    package var delay: Duration
    /// Each way.
    package var bytesPerSecond: Double
    package let first: SimulationEnd
    package let second: SimulationEnd
    private var lineFree: [ContinuousClock.Instant]
    private var queued = [0, 0]
    private var isFull = [false, false]
    package private(set) var carried = [0, 0]
    /// Bytes disappear, nobody is told.
    package var isSilent = false

    @discardableResult
    package init(
        _ world: SimulationWorld, from a: any SimulationHost, to b: any SimulationHost,
        delay: Duration = .milliseconds(25), bytesPerSecond: Double = 100e6
    ) {
        self.world = world
        self.delay = delay
        self.bytesPerSecond = bytesPerSecond
        lineFree = [world.now, world.now]
        first = SimulationEnd(host: a, isFirst: true)
        second = SimulationEnd(host: b, isFirst: false)
        first.wire = self
        second.wire = self
        b.connected(second, initiator: false)
        a.connected(first, initiator: true)
    }

    /// The cable is pulled and both notice.
    package func cut() {
        for end in [first, second] where end.isOpen {
            end.isOpen = false
            world.at(world.now) { end.host.disconnected(end) }
        }
    }

    func send(_ bytes: [UInt8], from end: SimulationEnd) {
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

    func close(by end: SimulationEnd) {
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
