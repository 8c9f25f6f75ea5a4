import HyperCrypto
import Hypercore
import SwarmSimulation
import TestSupport
import Testing

@testable import Replication

/// Opening, closing, privacy, extensions, announcements.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct SimulationLifeCycleTests {
    @Test func servedFeedsAreNeverOfferedToStrangers() throws {
        let world = SimulationWorld()
        let secret = try SimulationFeeds.writer(20, blocks: 3)
        let other = try SimulationFeeds.writer(21, blocks: 3)
        let server = SimulationNode(world)
        server.serve(secret)
        server.replicator.join(secret)
        let stranger = SimulationScript(world, other)
        SimulationLink(world, from: stranger, to: server)
        world.run(for: .seconds(30))
        #expect(stranger.strangers.isEmpty)
        #expect(stranger.closed == 1)
        #expect(server.lookups == 1)
    }

    @Test func knowingTheDiscoveryKeyIsNotEnough() throws {
        let world = SimulationWorld()
        let secret = try SimulationFeeds.writer(22, blocks: 3)
        let server = SimulationNode(world)
        server.serve(secret)
        let thief = SimulationNode(world)
        SimulationLink(world, from: thief, to: server)
        world.run(for: .seconds(1))
        // It replays a key that it does not know: the capability cannot be right.
        let wrong = try SimulationFeeds.writer(23, blocks: 1)
        server.served[wrong.discoveryKey] = secret
        thief.replicator.join(try SimulationFeeds.reader(of: wrong))
        world.run(for: .seconds(5))
        #expect(thief.engine.feeds.values.allSatisfy { $0.channels.isEmpty })
        #expect(server.engine.feeds.values.allSatisfy { $0.channels.isEmpty })
    }

    /// The checks that run between events of every simulation do see what is wrong.
    @Test func contradictionsInTheBooksAreNoticed() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(37, blocks: 50, bytes: 4096)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(world, from: reader, to: server, bytesPerSecond: 1e5)
        reader.demand(.blocks(0..<50), of: copy)
        world.run { copy.localBlocks(in: 0..<50) > 10 }
        #expect(reader.engine.violations().isEmpty)
        let replication = try #require(reader.engine.feeds.values.first)
        let block = try #require(replication.reserved.keys.first)
        replication.release(block)
        reader.peer?.bytesInFlight += 1
        #expect(reader.engine.violations().count >= 2)
        replication.reserve(block)
        reader.peer?.bytesInFlight -= 1
        #expect(reader.engine.violations().isEmpty)
    }

    /// A store joins whatever it opens, also what it opens because a peer asked.
    @Test func aFeedOpenedForOnePeerIsNotShownToOthers() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(36, blocks: 4)
        let cached = try SimulationFeeds.reader(of: source)
        let server = SimulationNode(world)
        server.serve(cached)
        let friend = SimulationScript(world, source)
        let stranger = SimulationScript(world, source, opensAtOnce: false)
        SimulationLink(world, from: friend, to: server)
        SimulationLink(world, from: stranger, to: server)
        world.run(for: .seconds(1))
        server.replicator.join(cached)
        world.run(for: .seconds(1))
        #expect(friend.channel != nil)
        #expect(stranger.strangers.isEmpty)
        server.demand(.blocks(0..<1), of: cached, timeout: .seconds(1))
        world.run(for: .seconds(2))
        #expect(stranger.strangers == [source.discoveryKey])
    }

    @Test func companionsAreOpenedAsSoonAsTheFirstFeedIsProven() throws {
        let world = SimulationWorld()
        let metadata = try SimulationFeeds.writer(24, blocks: 5)
        let content = try SimulationFeeds.writer(25, blocks: 5)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(metadata)
        server.companions[metadata.discoveryKey] = [content]
        let copy = try SimulationFeeds.reader(of: metadata)
        reader.replicator.follow(copy)
        SimulationLink(world, from: reader, to: server, delay: .milliseconds(50))
        world.run { copy.has(0) }
        #expect(reader.peer?.unknown[content.discoveryKey] != nil)
        let contentCopy = try SimulationFeeds.reader(of: content)
        let start = world.now
        let outcome = reader.demand(.blocks(0..<5), of: contentCopy)
        world.run { outcome.result != nil }
        #expect(outcome.isMet)
        // The server had opened it; it is asked in the same breath as we open our side.
        #expect(world.now - start < .milliseconds(110))
    }

    /// Asking before the server said what it has may miss: then others are asked.
    @Test func aHopefulRequestThatMissesCostsNothing() throws {
        let world = SimulationWorld()
        let metadata = try SimulationFeeds.writer(33, blocks: 2)
        let content = try SimulationFeeds.writer(34, blocks: 5)
        let (poor, rich) = (SimulationNode(world), SimulationNode(world))
        let reader = SimulationNode(world)
        poor.serve(metadata)
        poor.companions[metadata.discoveryKey] = [try SimulationFeeds.reader(of: content)]
        rich.serve(content)
        let copy = try SimulationFeeds.reader(of: metadata)
        reader.replicator.follow(copy)
        SimulationLink(world, from: reader, to: poor, delay: .milliseconds(5))
        SimulationLink(world, from: reader, to: rich, delay: .milliseconds(20))
        world.run(for: .seconds(1))
        let contentCopy = try SimulationFeeds.reader(of: content)
        let outcome = reader.demand(.blocks(0..<5), of: contentCopy)
        world.run(for: .seconds(2)) { outcome.result != nil }
        #expect(outcome.isMet)
        #expect(reader.drops.isEmpty)
    }

    /// A full disk is nobody's fault: the reader is told, the peer stays.
    @Test(arguments: [true, false])
    func aBlockThatCannotBeStoredFailsTheReaderNotThePeer(isFollowed: Bool) throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(35, blocks: 5)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        if isFollowed { reader.replicator.follow(copy) } else { reader.replicator.join(copy) }
        SimulationLink(world, from: reader, to: server)
        world.run(for: .milliseconds(80))
        let outcome = reader.demand(.blocks(0..<5), of: copy)
        world.run(for: .milliseconds(1))
        try copy.close()
        world.run(for: .seconds(60))
        #expect(outcome.code == .closed)
        #expect(reader.drops.isEmpty && server.drops.isEmpty)
        #expect(world.steps < 2000)
    }

    @Test func aFeedIsOpenedAgainAfterItWasLeft() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(26, blocks: 20)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        SimulationLink(world, from: reader, to: server)
        for round in UInt64(0)..<3 {
            let outcome = reader.demand(.blocks(round * 5..<round * 5 + 5), of: copy)
            world.run { outcome.result != nil }
            #expect(outcome.isMet)
            let waiting = reader.demand(.blocks(100..<101), of: copy)
            reader.replicator.leave(copy)
            world.run(for: .seconds(1))
            #expect(waiting.code == .closed)
            #expect(reader.engine.feeds.isEmpty)
            #expect(server.engine.feeds.isEmpty)
        }
        #expect(server.drops.isEmpty && reader.drops.isEmpty)
    }

    @Test func aFeedThatComesLaterIsOfferedToThoseWhoAsked() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(27, blocks: 5)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        let outcome = reader.demand(.blocks(0..<5), of: copy)
        SimulationLink(world, from: reader, to: server)
        world.run(for: .seconds(5))
        #expect(outcome.result == nil)
        server.serve(source)
        server.replicator.available(source)
        world.run(for: .seconds(5)) { outcome.result != nil }
        #expect(outcome.isMet)
    }

    @Test func extensionsGoBothWays() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(28, blocks: 2)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, reader) = (SimulationNode(world), SimulationNode(world))
        final class Heard: @unchecked Sendable {
            var server: [[UInt8]] = []; var reader: [[UInt8]] = []
        }
        let heard = Heard()
        source.handleExtension("greeting") { peer, payload in
            heard.server.append(payload)
            server.replicator.send([9], extension: "greeting", of: source, to: peer)
        }
        copy.handleExtension("greeting") { _, payload in heard.reader.append(payload) }
        server.serve(source)
        reader.replicator.join(copy)
        SimulationLink(world, from: reader, to: server)
        world.run(for: .seconds(1))
        reader.replicator.broadcast([1, 2], extension: "greeting", of: copy)
        reader.replicator.broadcast([3], extension: "unknown", of: copy)
        world.run(for: .seconds(1))
        #expect(heard.server == [[1, 2]])
        #expect(heard.reader == [[9]])
        #expect(reader.replicator.peerCount(of: copy) == 1)
    }

    @Test func downloadsAreAnnouncedInRangesAndOnlyToWhoAsked() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(29, blocks: 300)
        let copy = try SimulationFeeds.reader(of: source)
        let (server, middle) = (SimulationNode(world), SimulationNode(world))
        server.serve(source)
        middle.serve(copy)
        let listener = SimulationScript(world, source)
        listener.onOpen = { $0.send(.want(start: 0, length: 1_048_576)) }
        let deaf = SimulationScript(world, source)
        SimulationLink(world, from: listener, to: middle)
        SimulationLink(world, from: deaf, to: middle)
        world.run(for: .seconds(1))
        SimulationLink(world, from: middle, to: server)
        let outcome = middle.demand(.blocks(0..<300), of: copy)
        world.run { outcome.result != nil }
        world.run(for: .seconds(1))
        var told = RemoteBitfield()
        var frames = 0
        for case .have(let start, let length, nil, _) in listener.heard {
            told.insert(start..<start + (length ?? 1))
            frames += 1
        }
        #expect(told.hasAll(0..<300))
        #expect(frames < 20)
        #expect(!deaf.heard.contains { if case .have = $0 { true } else { false } })
    }

    @Test func aClearedBlockIsTakenBackAndARequestForItAnswered() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(30, blocks: 10)
        let server = SimulationNode(world)
        server.serve(source)
        let client = SimulationScript(world, source)
        client.onOpen = { $0.send(.want(start: 0, length: 1_048_576)) }
        SimulationLink(world, from: client, to: server)
        world.run(for: .seconds(1))
        try source.clear(3..<5)
        world.run(for: .seconds(1))
        #expect(client.heard.contains(.unhave(start: 3, length: 2)))
        client.send(.request(index: 4, bytes: 0, hash: false, nodes: 0))
        client.send(.request(index: 99, bytes: 0, hash: false, nodes: 0))
        client.flush()
        world.run(for: .seconds(1))
        #expect(client.heard.contains(.unhave(start: 4, length: nil)))
        #expect(client.heard.contains(.unhave(start: 99, length: nil)))
        #expect(client.isConnected)
    }

    /// docs/spec/hypercore.md 11.8: a reader that is not live ends through our Status and Close.
    @Test func aReaderThatIsNotLiveIsLetGo() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(31, blocks: 2)
        let server = SimulationNode(world)
        server.serve(source)
        let client = SimulationScript(world, source)
        client.onOpen = { $0.send(.status(uploading: true, downloading: false)) }
        SimulationLink(world, from: client, to: server)
        world.run(for: .seconds(1))
        #expect(client.heard.first == .status(uploading: true, downloading: false))
        #expect(client.heard.contains(.status(uploading: false, downloading: false)))
        #expect(client.closed == 1)
        #expect(client.isConnected)
    }

    @Test func wantsAreAnsweredAsTheReferenceDoes() throws {
        let world = SimulationWorld()
        let source = try SimulationFeeds.writer(32, blocks: 5)
        let server = SimulationNode(world)
        server.serve(source)
        let client = SimulationScript(world, source)
        client.onOpen = {
            $0.send(.want(start: 0, length: 1_048_576))
            $0.send(.want(start: 8, length: 8192))
            $0.send(.want(start: 0, length: 8192))
        }
        SimulationLink(world, from: client, to: server)
        world.run(for: .seconds(1))
        #expect(
            client.heard == [
                .status(uploading: true, downloading: false),
                .have(start: 0, length: 5, bitfield: nil, ack: nil),
                .have(start: 4, length: nil, bitfield: nil, ack: nil),
                .have(start: 0, length: 1_048_576, bitfield: [2, 0xf8], ack: nil),
                .have(start: 0, length: 8192, bitfield: [2, 0xf8], ack: nil),
            ])
    }
}
