import NIOCore
import TestSupport

@testable import Hyperswarm

/// One direction of a path: a bottleneck with a queue, then a delay, then accidents.
struct VirtualLink {
    var bytesPerSecond: Double
    var delay = TimeAmount.milliseconds(25)
    /// Bytes that may wait for the bottleneck; what comes then is lost.
    var queueBytes = 256 << 10
    var loss = 0.0
    var duplication = 0.0
    /// This part of the packets takes up to twice the delay.
    var reordering = 0.0
    /// Larger datagrams vanish.
    var datagramBytes = Int.max

    private(set) var carriedBytes = 0
    private(set) var droppedByQueue = 0
    private(set) var longestQueue = 0
    private var busyUntil = NIODeadline.uptimeNanoseconds(0)

    init(bytesPerSecond: Double = .infinity) { self.bytesPerSecond = bytesPerSecond }

    /// Bytes that wait now.
    func queued(at now: NIODeadline) -> Int {
        guard busyUntil > now, bytesPerSecond.isFinite else { return 0 }
        return Int(Double((busyUntil - now).nanoseconds) / 1e9 * bytesPerSecond)
    }

    /// When the copies of a datagram arrive; none when it is lost.
    mutating func arrivals(
        _ size: Int, at now: NIODeadline, _ random: inout SeededRandom
    ) -> [NIODeadline] {
        guard size <= datagramBytes else { return [] }
        // IP and UDP are on the wire as well.
        let wire = size + 28
        let waiting = queued(at: now)
        longestQueue = max(longestQueue, waiting)
        guard waiting + wire <= queueBytes || bytesPerSecond.isInfinite else {
            droppedByQueue += 1
            return []
        }
        carriedBytes += wire
        var out = now
        if bytesPerSecond.isFinite {
            let time = Int64(Double(wire) / bytesPerSecond * 1e9)
            busyUntil = max(busyUntil, now) + .nanoseconds(time)
            out = busyUntil
        }
        guard Double.random(in: 0..<1, using: &random) >= loss else { return [] }
        let copies = Double.random(in: 0..<1, using: &random) < duplication ? 2 : 1
        return (0..<copies).map { _ in
            guard Double.random(in: 0..<1, using: &random) < reordering else { return out + delay }
            let extra = Int64.random(in: 0...max(1, delay.nanoseconds), using: &random)
            return out + delay + .nanoseconds(extra)
        }
    }
}

/// Two sockets, a virtual path between them and a virtual clock.
final class UTPSimulation {
    enum Side: Int {
        case left
        case right

        var other: Side { self == .left ? .right : .left }
    }

    private enum Event {
        case datagram(to: Side, [UInt8])
        case call(() -> Void)
    }

    static let endpoints = [
        Endpoint(ip: .v4(0x0a00_0001), port: 1), Endpoint(ip: .v4(0x0a00_0002), port: 2),
    ]

    private(set) var now = NIODeadline.uptimeNanoseconds(5_000_000_000)
    /// Each side's clock runs ahead by this much: the header's clocks are unrelated.
    var clockOffsets: [TimeAmount] = [.zero, .seconds(4290)]
    var links: [VirtualLink]
    let sockets: [UTPSocket]
    var random: SeededRandom
    /// Told after each batch.
    var onNews: (Side, UTPConnection, UTPConnection.News) -> Void = { _, _, _ in }
    private(set) var datagramCount = 0
    private var agenda: [(time: NIODeadline, order: Int, event: Event)] = []
    private var order = 0

    init(_ link: VirtualLink, random: SeededRandom) {
        links = [link, link]
        self.random = random
        sockets = [
            UTPSocket(random: SeededRandom(seed: self.random.next())),
            UTPSocket(random: SeededRandom(seed: self.random.next())),
        ]
    }

    /// A side's own clock.
    func clock(_ side: Side) -> NIODeadline { now + clockOffsets[side.rawValue] }

    func dial(from side: Side = .left) -> UTPConnection? {
        let remote = Self.endpoints[side.other.rawValue]
        let connection = sockets[side.rawValue].dial(remote, now: clock(side))
        settle(side)
        return connection
    }

    func at(_ time: NIODeadline, _ call: @escaping () -> Void) { add(time, .call(call)) }

    /// Something was done with a connection.
    func touch(_ side: Side, _ connection: UTPConnection) {
        sockets[side.rawValue].touch(connection)
        settle(side)
    }

    /// A datagram of other traffic takes its place on the path; when it arrives, if it does.
    func cross(_ size: Int, from side: Side = .left) -> NIODeadline? {
        links[side.rawValue].arrivals(size, at: now, &random).first
    }

    /// A datagram of somebody else, or a forged one.
    func inject(_ bytes: [UInt8], to side: Side, from remote: Endpoint? = nil) {
        let remote = remote ?? Self.endpoints[side.other.rawValue]
        bytes.withUnsafeBytes {
            sockets[side.rawValue].receive($0, from: remote, now: clock(side))
        }
        settle(side)
    }

    /// Lets time pass until the condition holds; whether it did.
    @discardableResult
    func run(for time: TimeAmount, until isDone: () -> Bool = { false }) -> Bool {
        let end = now + time
        while !isDone() {
            guard let next = nextTime, next <= end else {
                now = end
                return isDone()
            }
            now = max(now, next)
            step()
        }
        return true
    }

    private var nextTime: NIODeadline? {
        var next = agenda.first?.time
        for side in [Side.left, .right] {
            guard let due = sockets[side.rawValue].nextDeadline else { continue }
            let time = due - clockOffsets[side.rawValue]
            next = min(time, next ?? time)
        }
        return next
    }

    /// All that is due now, as one batch for each side.
    private func step() {
        var received = [false, false]
        while let first = agenda.first, first.time <= now {
            switch pop() {
            case .call(let call): call()
            case .datagram(let side, let bytes):
                received[side.rawValue] = true
                bytes.withUnsafeBytes {
                    sockets[side.rawValue].receive(
                        $0, from: Self.endpoints[side.other.rawValue], now: clock(side))
                }
            }
        }
        for side in [Side.left, .right] {
            let socket = sockets[side.rawValue]
            let isDue = socket.nextDeadline.map { $0 <= clock(side) } ?? false
            if isDue { socket.tick(now: clock(side)) }
            if isDue || received[side.rawValue] { settle(side) }
        }
    }

    /// Sends and tells until there is nothing more.
    private func settle(_ side: Side) {
        let socket = sockets[side.rawValue]
        repeat {
            socket.flush(now: clock(side))
            let outbox = socket.takeOutbox()
            outbox.forEach { _, bytes in
                datagramCount += 1
                let times = links[side.rawValue].arrivals(bytes.count, at: now, &random)
                for time in times { add(time, .datagram(to: side.other, Array(bytes))) }
            }
            let news = socket.takeNews()
            for (connection, told) in news {
                onNews(side, connection, told)
                socket.touch(connection)
            }
            if news.isEmpty { return }
        } while true
    }

    // A binary heap: the earliest first, and of equal times the older.

    private func add(_ time: NIODeadline, _ event: Event) {
        order += 1
        agenda.append((time, order, event))
        var child = agenda.count - 1
        while child > 0, isEarlier(child, (child - 1) / 2) {
            agenda.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() -> Event {
        agenda.swapAt(0, agenda.count - 1)
        let event = agenda.removeLast().event
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < agenda.count {
                if isEarlier(child, least) { least = child }
            }
            guard least != parent else { return event }
            agenda.swapAt(least, parent)
            parent = least
        }
    }

    private func isEarlier(_ one: Int, _ other: Int) -> Bool {
        (agenda[one].time, agenda[one].order) < (agenda[other].time, agenda[other].order)
    }
}
