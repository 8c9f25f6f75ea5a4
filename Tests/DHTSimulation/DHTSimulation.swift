import HeapModule
import Hyperswarm
import NIOCore
import TestSupport

/// A network of DHT nodes in one thread on a virtual clock: loss, latency, nodes that come, go and
/// lie. The same seed, the same run. For the tests, and for the section `dht-simulation` of the
/// benchmarks.
public final class DHTSimulation {
    /// What the network between the nodes is like.
    public struct Conditions: Sendable {
        /// Of all datagrams, this part is lost.
        public var loss = 0.0
        /// One way, each datagram its own; in milliseconds.
        public var latencyMilliseconds = 10.0...60.0
        /// This part of the nodes lies: names nodes that do not exist, hides peers.
        public var liars = 0.0

        /// No loss, no liars.
        public init() {}

        /// The mean time of a datagram there and one back.
        public var roundTrip: TimeAmount {
            let sum = latencyMilliseconds.lowerBound + latencyMilliseconds.upperBound
            return .nanoseconds(Int64(sum * 1e6))
        }
    }

    /// One node, dead or alive.
    struct Member {
        let node: DHTNode
        let endpoint: Endpoint
        var liar: Liar?
        var isAlive = true
        /// When it will be woken.
        var wakeAt: NIODeadline?
        var received = 0
        var receivedBytes = 0
    }

    /// Something that will happen.
    struct Event: Comparable {
        let at: NIODeadline
        /// Of two at the same moment, the one that was planned first comes first.
        let order: UInt64
        let member: Int32
        /// Where a datagram comes from; -1 = a timer.
        let from: Int32
        let datagram: [UInt8]

        static func < (a: Event, b: Event) -> Bool { (a.at, a.order) < (b.at, b.order) }
        static func == (a: Event, b: Event) -> Bool { a.order == b.order }
    }

    /// How many of the first nodes are the entry points of all others. They never lie.
    public static let entryPoints = 3

    /// What the network is like; may change at any time.
    public var conditions: Conditions
    /// The virtual clock.
    public private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// Datagrams delivered so far.
    public private(set) var delivered = 0
    /// The source of all chance.
    public var random: SeededRandom
    var members: [Member] = []
    private var indices: [IPAddress: Int] = [:]
    private var events = Heap<Event>()
    private var order: UInt64 = 0
    /// Told of every event of a node.
    var observer: ((_ member: Int, _ event: DHTEvent) -> Void)?

    /// An empty network.
    public init(seed: UInt64, conditions: Conditions = Conditions()) {
        random = SeededRandom(seed: seed)
        self.conditions = conditions
    }

    /// Nodes ever added.
    public var count: Int { members.count }
    /// Those that still live.
    public var alive: [Int] { members.indices.filter { members[$0].isAlive } }
    /// A node, for a look inside.
    public func node(_ index: Int) -> DHTNode { members[index].node }
    /// Where a node is.
    public func endpoint(_ index: Int) -> Endpoint { members[index].endpoint }
    /// Whether a node lies.
    public func isLiar(_ index: Int) -> Bool { members[index].liar != nil }

    /// A node that starts now.
    @discardableResult
    public func addNode(mode: DHTNode.Mode = .persistent) -> Int {
        let index = members.count
        let endpoint = Self.endpoint(of: index)
        let bootstrap = (0..<Self.entryPoints).filter { $0 != index && index > 0 }
            .map { Self.endpoint(of: $0) }
        let node = DHTNode(
            DHTNode.Configuration(bootstrap: bootstrap, mode: mode),
            random: SeededRandom(seed: random.next()), now: now)
        let isLiar =
            index >= Self.entryPoints && Double.random(in: 0..<1, using: &random) < conditions.liars
        members.append(
            Member(
                node: node, endpoint: endpoint,
                liar: isLiar && mode == .persistent ? Liar(seed: random.next()) : nil))
        indices[endpoint.ip] = index
        node.start(now: now)
        carryOut(index)
        return index
    }

    /// Adds nodes, evenly over some time.
    public func grow(to count: Int, over time: TimeAmount) {
        let missing = max(1, count - members.count)
        let pause = TimeAmount.nanoseconds(time.nanoseconds / Int64(missing))
        while members.count < count {
            addNode()
            run(for: pause)
        }
    }

    /// The node is gone without a word.
    public func kill(_ index: Int) { members[index].isAlive = false }

    /// Asks something of a node now.
    public func ask<R>(_ index: Int, _ body: (DHTNode, NIODeadline) -> R) -> R {
        // Its clock stands where it last heard something.
        members[index].node.advance(to: now)
        let result = body(members[index].node, now)
        carryOut(index)
        return result
    }

    /// Lets time pass.
    public func run(for time: TimeAmount) {
        let end = now + time
        run(until: end) { false }
        now = end
    }

    /// Lets time pass until something is the case.
    ///
    /// - Returns: whether it is, at the latest at `end`.
    @discardableResult
    public func run(until end: NIODeadline, _ isDone: () -> Bool) -> Bool {
        while let next = events.min, next.at <= end {
            if isDone() { return true }
            guard let event = events.popMin() else { break }
            now = event.at
            deliver(event)
        }
        return isDone()
    }

    private func deliver(_ event: Event) {
        let index = Int(event.member)
        guard members[index].isAlive else { return }
        if event.from < 0 {
            guard members[index].wakeAt == event.at else { return }
            members[index].wakeAt = nil
            members[index].node.advance(to: now)
        } else {
            delivered += 1
            members[index].received += 1
            members[index].receivedBytes += event.datagram.count
            members[index].liar?.heard(event.datagram)
            members[index].node.receive(
                event.datagram, from: members[Int(event.from)].endpoint, now: now)
        }
        carryOut(index)
    }

    private func carryOut(_ index: Int) {
        for effect in members[index].node.takeEffects() {
            switch effect {
            case .event(let event): observer?(index, event)
            case .send(let bytes, let destination):
                send(members[index].liar?.twist(bytes) ?? bytes, from: index, to: destination)
            }
        }
        guard let deadline = members[index].node.nextDeadline else { return }
        if let wakeAt = members[index].wakeAt, wakeAt <= deadline { return }
        members[index].wakeAt = max(deadline, now)
        plan(
            Event(
                at: max(deadline, now), order: order, member: Int32(index), from: -1, datagram: []))
    }

    private func send(_ datagram: [UInt8], from index: Int, to destination: Endpoint) {
        guard let target = indices[destination.ip], members[target].endpoint == destination,
            Double.random(in: 0..<1, using: &random) >= conditions.loss
        else { return }
        let delay = Double.random(in: conditions.latencyMilliseconds, using: &random)
        plan(
            Event(
                at: now + .nanoseconds(Int64(delay * 1e6)), order: order, member: Int32(target),
                from: Int32(index), datagram: datagram))
    }

    private func plan(_ event: Event) {
        order += 1
        events.insert(event)
    }

    /// Spread over the public networks: an odd factor makes each address another.
    static func endpoint(of index: Int) -> Endpoint {
        let place = UInt32(truncatingIfNeeded: index) &* 0x9e37_79b1 & 0x3fff_ffff
        return Endpoint(ip: .v4(0x1000_0000 + place), port: 49737)
    }
}
