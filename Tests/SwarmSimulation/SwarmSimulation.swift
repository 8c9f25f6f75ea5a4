import HyperCrypto
import Hypercore
import Replication
import TestSupport

/// Many peers that want the same feed at once, in one thread on a virtual clock; each has a line of
/// its own. The same seed, the same run. For the tests, and for the section `swarm-simulation` of
/// the benchmarks.
public final class SwarmSimulation {
    /// What the peers and their lines are like.
    public struct Conditions: Sendable {
        /// Peers that want a full copy.
        public var peers = 50
        /// Blocks of the feed.
        public var blocks = 256
        /// Bytes of each.
        public var blockBytes = 16 << 10
        /// The seeder's line out, in bytes a second.
        public var seederUp = 250_000.0
        /// Everybody else's line out.
        public var up = 250_000.0
        /// Everybody's line in.
        public var down = 2_500_000.0
        /// One way; in milliseconds.
        public var latencyMilliseconds = 5...60
        /// They come within this time.
        public var arrival: Duration = .seconds(1)
        /// With how many others each is connected, the seeder besides; `nil` = with all.
        public var neighbors: Int?
        /// Besides: peers that claim to have everything and send wrong bytes.
        public var liars = 0
        /// And such that send nothing at all.
        public var stallers = 0
        /// Of the peers, so many vanish on the way; every other one without a word.
        public var vanishing = 0

        /// Fifty equal peers and a seeder no better than they, all honest.
        public init() {}

        /// Bytes of the feed.
        public var feedBytes: Int { blocks * blockBytes }

        /// Nobody can do better: the seeder must send each byte once, each peer receive it once,
        /// and all of them together send it to everybody.
        public var idealSeconds: Double {
            let bytes = Double(feedBytes)
            let all = Double(peers - vanishing)
            return max(
                bytes / seederUp, bytes / down, all * bytes / (seederUp + all * up))
        }
    }

    /// How it went.
    public struct Outcome: Sendable {
        /// When each peer that stayed had its copy, since the first came, in order; in seconds.
        public internal(set) var seconds: [Double] = []
        /// Peers that stayed and have no true copy.
        public internal(set) var incomplete = 0
        /// Copies of the feed that the seeder has sent, all overhead included.
        public internal(set) var seederCopies = 0.0
        /// Bytes that each peer that stayed has sent.
        public internal(set) var sent: [Int] = []
        /// Jain's index of what the peers sent: 1 = all the same.
        public var fairness: Double {
            let values = sent.map(Double.init)
            let sum = values.reduce(0, +)
            let squares = values.reduce(0) { $0 + $1 * $1 }
            return squares > 0 ? sum * sum / (Double(values.count) * squares) : 0
        }
    }

    private struct Member {
        let node: SimulationNode
        let copy: Feed
        let line: AccessLine
        let outcome: SimulationNode.Outcome
        let leavesAt: ContinuousClock.Instant?
        var finished: ContinuousClock.Instant?
        var hasVanished = false
    }

    private let conditions: Conditions
    private let world: SimulationWorld
    private let source: Feed
    private let seeder: SimulationNode
    private let seederLine: AccessLine
    private var nodes: [SimulationNode]
    private var members: [Member] = []
    private var wires: [Int: [LineWire]] = [:]
    private var badWires: [LineWire] = []
    /// What contradicted itself.
    public private(set) var violations: [String] = []

    /// A swarm that has not begun.
    public init(_ conditions: Conditions, seed: UInt64) throws {
        self.conditions = conditions
        let world = SimulationWorld(seed: seed) { _ in }
        self.world = world
        source = try SimulationFeeds.writer(
            seed, blocks: conditions.blocks, bytes: conditions.blockBytes)
        seeder = SimulationNode(world)
        nodes = [seeder]
        world.checks = []
        seeder.serve(source)
        seederLine = AccessLine(
            world, upPerSecond: conditions.seederUp, downPerSecond: conditions.down)
    }

    /// Runs until everybody who stays has a copy, or the time is over.
    public func run(for limit: Duration) throws -> Outcome {
        for index in 0..<conditions.peers { try plan(index) }
        for index in 0..<conditions.liars + conditions.stallers {
            planBad(isLiar: index < conditions.liars)
        }
        world.run(for: limit) {
            members.count == conditions.peers
                && members.allSatisfy { $0.finished != nil || $0.hasVanished }
        }
        violations = nodes.flatMap { $0.replicator.violations() }
        defer { takeApart() }
        return try outcome()
    }

    /// Wires, ends and hosts hold each other, and much memory.
    private func takeApart() {
        for end in (wires.values.joined() + badWires).flatMap(\.ends) {
            end.wire = nil
            end.host.forgetConnections()
        }
        world.forgetEvents()
    }

    private func plan(_ index: Int) throws {
        let copy = try SimulationFeeds.reader(of: source)
        world.after(arrival()) { self.join(copy, isVanishing: index < self.conditions.vanishing) }
    }

    private func arrival() -> Duration {
        conditions.arrival * Double.random(in: 0...1, using: &world.random)
    }

    private func latency() -> Duration {
        .milliseconds(Int.random(in: conditions.latencyMilliseconds, using: &world.random))
    }

    private func join(_ copy: Feed, isVanishing: Bool) {
        let index = members.count
        let node = addNode()
        let line = AccessLine(
            world, upPerSecond: conditions.up, downPerSecond: conditions.down)
        node.serve(copy)
        let life = conditions.idealSeconds * Double.random(in: 0.2...0.9, using: &world.random)
        let leavesAt = isVanishing ? world.now + .seconds(life) : nil
        let outcome = node.demand(
            .blocks(0..<UInt64(conditions.blocks)), of: copy, priority: .background)
        outcome.onResult = { [unowned self] in members[index].finished = world.now }
        var others = members.indices.filter { !members[$0].hasVanished }
        if let neighbors = conditions.neighbors {
            others.shuffle(using: &world.random)
            others = Array(others.prefix((neighbors + 1) / 2))
        }
        members.append(
            Member(node: node, copy: copy, line: line, outcome: outcome, leavesAt: leavesAt))
        connect(index, LineWire(world, from: node, line, to: seeder, seederLine, delay: latency()))
        for other in others {
            let wire = LineWire(
                world, from: node, line, to: members[other].node, members[other].line,
                delay: latency())
            connect(index, wire)
            connect(other, wire)
        }
        if let leavesAt { world.at(leavesAt) { self.vanish(index) } }
    }

    private func addNode() -> SimulationNode {
        let node = SimulationNode(world)
        // Looking at every node after every step would be most of the work: once, at the end.
        world.checks = []
        nodes.append(node)
        return node
    }

    private func connect(_ index: Int, _ wire: LineWire) { wires[index, default: []].append(wire) }

    private func vanish(_ index: Int) {
        guard members[index].finished == nil else { return }
        members[index].hasVanished = true
        for wire in wires[index] ?? [] {
            if index % 2 == 0 {
                wire.fallSilent()
            } else {
                for end in wire.ends where end.host === members[index].node { end.close() }
            }
        }
    }

    /// One that is connected with everybody who is there when it comes.
    private func planBad(isLiar: Bool) {
        let line = AccessLine(
            world, upPerSecond: conditions.up, downPerSecond: conditions.down)
        world.after(conditions.arrival) { [unowned self] in
            for member in members {
                let script = SimulationScript.server(world, source) { script, _, answer in
                    if isLiar { script.send(Self.wrong(answer)) }
                }
                badWires.append(
                    LineWire(
                        world, from: script, line, to: member.node, member.line, delay: latency()))
            }
        }
    }

    private static func wrong(_ answer: Message) -> Message {
        guard case .data(let index, var value, let nodes, let signature) = answer else {
            return answer
        }
        value?[0] ^= 1
        return .data(index: index, value: value, nodes: nodes, signature: signature)
    }

    private func outcome() throws -> Outcome {
        var outcome = Outcome()
        for member in members where member.leavesAt == nil {
            outcome.sent.append(member.line.sent)
            if let finished = member.finished, try SimulationFeeds.isCopy(member.copy, of: source) {
                outcome.seconds.append((finished - world.start) / .seconds(1))
            } else {
                outcome.incomplete += 1
            }
        }
        outcome.seconds.sort()
        outcome.seederCopies = Double(seederLine.sent) / Double(conditions.feedBytes)
        return outcome
    }
}
