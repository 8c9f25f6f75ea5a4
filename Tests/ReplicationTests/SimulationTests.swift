import HyperCrypto
import Hypercore
import SwarmSimulation
import TestSupport
import Testing

@testable import Replication

/// Whole nodes on a virtual clock: what readers get, how soon, and at whose cost.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct SimulationTests {
    @Test func twoNodesCompleteAFeed() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(1, blocks: 100)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        reader.replicator.join(copy)
        SimulationLink(world, from: reader, to: server)
        let outcome = reader.demand(.blocks(0..<100), of: copy)
        world.run { outcome.result != nil }
        #expect(outcome.isMet)
        #expect(try SimulationFeeds.isCopy(copy, of: source))
        #expect(reader.drops.isEmpty && server.drops.isEmpty)
        #expect(reader.engine.demands.count == 0)
    }

    /// Handshake, open, request: one round trip each. The budget of DESIGN.md section 10 allows no
    /// more.
    @Test(arguments: [true, false])
    func aColdReadTakesThreeRoundTrips(readerDials: Bool) throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(2, blocks: 1000)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        reader.replicator.join(copy)
        let outcome = reader.demand(.blocks(500..<501), of: copy)
        let hosts: [any SimulationHost] = readerDials ? [reader, server] : [server, reader]
        SimulationLink(world, from: hosts[0], to: hosts[1], delay: .milliseconds(50))
        world.run { outcome.result != nil }
        #expect(outcome.isMet)
        // Who is dialed learns that the handshake is done half a round trip later.
        let trips = world.elapsed / .milliseconds(100)
        #expect(trips < (readerDials ? 3.1 : 3.6))
        #expect(copy.length == 1000)
    }

    @Test func aWarmRandomReadTakesOneRoundTrip() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(3, blocks: 500)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        reader.replicator.join(copy)
        SimulationLink(world, from: reader, to: server, delay: .milliseconds(25))
        world.run(for: .seconds(1))
        for block in [UInt64(400), 17, 250, 499] {
            let start = world.now
            let outcome = reader.demand(.blocks(block..<block + 1), of: copy)
            world.run { outcome.result != nil }
            #expect(outcome.isMet)
            #expect(world.now - start < .milliseconds(55))
        }
    }

    /// Following fetches the newest block and the first at once, then the rest of a small feed.
    @Test func aFollowedFeedIsThereAfterThreeRoundTripsAndKeepsUp() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(4, blocks: 200, bytes: 100)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        reader.replicator.follow(copy)
        SimulationLink(world, from: reader, to: server, delay: .milliseconds(50))
        world.run { copy.has(0) && copy.has(199) }
        #expect(world.elapsed < .milliseconds(310))
        world.run { copy.hasAll(0..<200) }
        #expect(world.elapsed < .milliseconds(510))
        world.run(for: .seconds(1))
        let start = world.now
        try source.append([[1], [2], [3]])
        world.run { copy.length == 203 && copy.hasAll(0..<203) }
        // The announcement's half, a round trip for the newest, one for the rest.
        #expect(world.now - start < .milliseconds(260))
        #expect(try SimulationFeeds.isCopy(copy, of: source))
    }

    @Test func aLengthIsLearntWithoutABlock() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(5, blocks: 77)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(world, from: reader, to: server)
        let outcome = reader.demand(.length(atLeast: 50), of: copy)
        world.run { outcome.result != nil }
        #expect(outcome.isMet)
        #expect(copy.length == 77)
        #expect(copy.localBlocks(in: 0..<77) == 0)
    }

    @Test func aByteIsFoundOverTheNetwork() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(6, blocks: 300, bytes: 100)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(world, from: reader, to: server)
        for byte in [UInt64(12_345), 29_999, 1, 12_345] {
            let outcome = reader.demand(.byte(byte, within: 0..<300), of: copy)
            world.run(for: .seconds(10)) { outcome.result != nil }
            #expect(outcome.isMet)
            let found = try copy.seek(byte: byte)
            #expect(found == .found(block: byte / 100, offset: byte % 100))
        }
    }

    @Test func partialPeersCompleteEachOther() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(7, blocks: 120)
        let nodes = [SimulationNode(world), SimulationNode(world), SimulationNode(world)]
        let copies = try (0..<2).map { _ in try SimulationFeeds.reader(of: source) }
        nodes[2].serve(source)
        for i in 0..<2 {
            let half = i == 0 ? UInt64(0)..<60 : 60..<120
            nodes[i].serve(copies[i])
            SimulationLink(world, from: nodes[i], to: nodes[2])
            let outcome = nodes[i].demand(.blocks(half), of: copies[i])
            world.run { outcome.result != nil }
            #expect(outcome.isMet)
            nodes[i].ends.values.first?.close()
        }
        world.run(for: .seconds(1))
        SimulationLink(world, from: nodes[0], to: nodes[1])
        let outcomes = (0..<2).map { nodes[$0].demand(.blocks(0..<120), of: copies[$0]) }
        world.run { outcomes.allSatisfy { $0.result != nil } }
        for copy in copies { #expect(try SimulationFeeds.isCopy(copy, of: source)) }
    }

    @Test func aSwarmOfFiftyCompletesThroughEachOther() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(8, blocks: 40)
        let server = SimulationNode(world)
        server.serve(source)
        var nodes: [SimulationNode] = []
        var copies: [Feed] = []
        var outcomes: [SimulationNode.Outcome] = []
        for i in 0..<50 {
            let node = SimulationNode(world)
            let copy = try SimulationFeeds.reader(of: source)
            node.serve(copy)
            outcomes.append(node.demand(.blocks(0..<40), of: copy, priority: .background))
            SimulationLink(
                world, from: node, to: i < 3 ? server : nodes[i / 3],
                delay: .milliseconds(Int(world.random.next() % 80) + 1),
                bytesPerSecond: 2e5 + Double(world.random.next() % 1_000_000))
            nodes.append(node)
            copies.append(copy)
        }
        world.run { outcomes.allSatisfy { $0.result != nil } }
        #expect(copies.allSatisfy { $0.hasAll(0..<40) })
        #expect(nodes.allSatisfy { $0.drops.isEmpty })
        let served = server.engine.feeds.values.first?.statistics.uploadedBlocks ?? 0
        #expect(served == 120)
    }

    /// The window follows the pipe: a long one is kept full.
    @Test func aLongPipeIsKeptFull() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(9, blocks: 400, bytes: 16384)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(
            world, from: reader, to: server, delay: .milliseconds(50), bytesPerSecond: 20e6)
        let outcome = reader.demand(.blocks(0..<400), of: copy)
        world.run { outcome.result != nil }
        // 6.5 MB at 20 MB/s are 0.33 s; 0.3 s until the first block; the window doubles once.
        #expect(world.elapsed < .milliseconds(850))
        #expect(copy.hasAll(0..<400))
    }

    @Test func twoReadersShareTheServerFairly() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(10, blocks: 300, bytes: 4096)
        let server = SimulationNode(world)
        server.serve(source)
        var copies: [Feed] = []
        for _ in 0..<2 {
            let reader = SimulationNode(world)
            let copy = try SimulationFeeds.reader(of: source)
            SimulationLink(world, from: reader, to: server, bytesPerSecond: 1e6)
            reader.demand(.blocks(0..<300), of: copy)
            copies.append(copy)
        }
        world.run { copies[0].localBlocks(in: 0..<300) >= 150 }
        let other = copies[1].localBlocks(in: 0..<300)
        #expect(other > 120 && other < 180)
    }

    @Test func aWithdrawnDemandStopsItsRequests() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(11, blocks: 300, bytes: 8192)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(world, from: reader, to: server, bytesPerSecond: 1e6)
        let outcome = reader.demand(.blocks(0..<300), of: copy)
        world.run { copy.localBlocks(in: 0..<300) >= 20 }
        reader.replicator.withdraw(outcome.id)
        world.run(for: .seconds(30))
        #expect(outcome.code == .cancelled)
        // What was on its way still comes; nothing more is asked.
        #expect(copy.localBlocks(in: 0..<300) < 200)
        #expect(reader.peer?.requestsInFlight == 0)
        #expect(reader.engine.feeds.values.first?.reserved.isEmpty == true)
    }

    @Test func aDemandWithoutPeersTimesOutAndOneWithALatePeerIsMet() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(12, blocks: 10)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        let short = reader.demand(.blocks(0..<1), of: copy, timeout: .seconds(5))
        let long = reader.demand(.blocks(0..<1), of: copy, timeout: .seconds(30))
        world.run { short.result != nil }
        #expect(short.code == .timedOut)
        #expect(world.elapsed == .seconds(5))
        SimulationLink(world, from: reader, to: server)
        world.run { long.result != nil }
        #expect(long.isMet)
    }

    @Test func aForegroundBlockOvertakesABackgroundDownload() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(13, blocks: 600, bytes: 4096)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(
            world, from: reader, to: server, delay: .milliseconds(10), bytesPerSecond: 4e6)
        reader.demand(.blocks(0..<600), of: copy, priority: .background)
        world.run { copy.localBlocks(in: 0..<600) >= 100 }
        let start = world.now
        let outcome = reader.demand(.blocks(599..<600), of: copy)
        world.run { outcome.result != nil }
        #expect(outcome.isMet)
        // Behind one window of background blocks, not behind all of it.
        #expect(world.now - start < .milliseconds(500))
    }
}
