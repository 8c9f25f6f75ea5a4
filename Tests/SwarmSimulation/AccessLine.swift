import DequeModule

/// A host's line to the network: so many bytes a second out and in, shared by all its connections.
/// What leaves takes turns, as TCP's flows do; what arrives queues.
final class AccessLine {
    /// Bytes that leave before the next connection has its turn: a dozen packets.
    private static let quantum = 16 << 10

    private let world: SimulationWorld
    private let upPerSecond: Double
    private let downPerSecond: Double
    /// Ways with bytes to send, in turn.
    private var ring: Deque<LineWay> = []
    private var isSending = false
    private var downFree: ContinuousClock.Instant
    /// Bytes that have left, and that have come in.
    private(set) var sent = 0
    private(set) var received = 0

    /// - Parameters:
    ///   - upPerSecond: bytes a second out.
    ///   - downPerSecond: bytes a second in.
    init(_ world: SimulationWorld, upPerSecond: Double, downPerSecond: Double) {
        self.world = world
        self.upPerSecond = upPerSecond
        self.downPerSecond = downPerSecond
        downFree = world.now
    }

    /// A way has bytes and may send.
    func ready(_ way: LineWay) {
        ring.append(way)
        if !isSending { sendNext() }
    }

    private func sendNext() {
        guard let way = ring.popFirst() else { return isSending = false }
        isSending = true
        let bytes = way.take(Self.quantum)
        sent += bytes.count
        world.after(.seconds(Double(bytes.count) / upPerSecond)) {
            way.left(bytes)
            self.sendNext()
        }
    }

    /// Bytes have come to this end of the line; `deliver` when they are through.
    func arrive(_ count: Int, _ deliver: @escaping () -> Void) {
        received += count
        downFree = max(downFree, world.now) + .seconds(Double(count) / downPerSecond)
        world.at(downFree, deliver)
    }
}

/// One direction of a connection between two lines. So much is on its way at a time, as with TCP:
/// a slow receiver slows the sender, not the network.
final class LineWay {
    private static let windowBytes = 256 << 10
    private static let bufferHigh = 128 << 10
    private static let bufferLow = 32 << 10

    private let world: SimulationWorld
    private let from: AccessLine
    private let to: AccessLine
    private let delay: Duration
    private unowned let end: SimulationEnd
    private unowned let target: SimulationEnd
    private var waiting: Deque<ArraySlice<UInt8>> = []
    private var waitingCount = 0
    private var inFlight = 0
    private var isInRing = false
    private var isFull = false
    /// The sender has closed: the other end hears of it behind all bytes.
    private var isEnding = false
    /// Bytes disappear, nobody is told.
    var isSilent = false

    init(
        _ world: SimulationWorld, from: AccessLine, _ end: SimulationEnd, to: AccessLine,
        _ target: SimulationEnd, delay: Duration
    ) {
        self.world = world
        self.from = from
        self.to = to
        self.delay = delay
        self.end = end
        self.target = target
    }

    func send(_ bytes: [UInt8]) {
        waiting.append(bytes[...])
        waitingCount += bytes.count
        if waitingCount > Self.bufferHigh, !isFull {
            isFull = true
            end.host.writable(false, on: end)
        }
        enterRing()
    }

    func close() {
        isEnding = true
        if waitingCount == 0, inFlight == 0 { hangUp() }
    }

    private func enterRing() {
        guard !isInRing, waitingCount > 0, inFlight < Self.windowBytes else { return }
        isInRing = true
        from.ready(self)
    }

    /// The line has room for so many.
    func take(_ count: Int) -> [UInt8] {
        var taken: [UInt8] = []
        while taken.count < count, var first = waiting.popFirst() {
            let part = first.prefix(count - taken.count)
            taken += part
            first = first.dropFirst(part.count)
            if !first.isEmpty { waiting.prepend(first) }
        }
        return taken
    }

    /// They have left the line.
    func left(_ bytes: [UInt8]) {
        waitingCount -= bytes.count
        inFlight += bytes.count
        isInRing = false
        enterRing()
        if isFull, waitingCount < Self.bufferLow, end.isOpen {
            isFull = false
            end.host.writable(true, on: end)
        }
        world.after(delay) {
            self.to.arrive(bytes.count) { self.deliver(bytes) }
        }
    }

    private func deliver(_ bytes: [UInt8]) {
        world.after(delay) {
            self.inFlight -= bytes.count
            self.enterRing()
        }
        if target.isOpen, !isSilent { target.host.received(bytes, on: target) }
        if isEnding, waitingCount == 0, inFlight == bytes.count { hangUp() }
    }

    private func hangUp() {
        world.after(delay) {
            guard self.target.isOpen else { return }
            self.target.isOpen = false
            self.target.host.disconnected(self.target)
        }
    }
}

/// A connection between two lines.
final class LineWire: SimulationWire {
    let ends: [SimulationEnd]
    private let ways: [LineWay]

    init(
        _ world: SimulationWorld, from a: any SimulationHost, _ lineA: AccessLine,
        to b: any SimulationHost, _ lineB: AccessLine, delay: Duration
    ) {
        let first = SimulationEnd(host: a, isFirst: true)
        let second = SimulationEnd(host: b, isFirst: false)
        ends = [first, second]
        ways = [
            LineWay(world, from: lineA, first, to: lineB, second, delay: delay),
            LineWay(world, from: lineB, second, to: lineA, first, delay: delay),
        ]
        first.wire = self
        second.wire = self
        b.connected(second, initiator: false)
        a.connected(first, initiator: true)
    }

    func send(_ bytes: [UInt8], from end: SimulationEnd) {
        if end.isOpen { ways[end.isFirst ? 0 : 1].send(bytes) }
    }

    func close(by end: SimulationEnd) {
        guard end.isOpen else { return }
        end.isOpen = false
        ways[end.isFirst ? 0 : 1].close()
        end.host.disconnected(end)
    }

    /// Nothing comes through any more, and nobody is told.
    func fallSilent() { for way in ways { way.isSilent = true } }
}
