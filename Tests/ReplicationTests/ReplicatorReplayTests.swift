import HyperCrypto
import Hypercore
import SwarmSimulation
import TestSupport
import Testing

@testable import Replication

/// Recorded peers of the reference, with a `Replicator` in the place of the other one. What the
/// recorded side would have understood is read by a session with that side's secrets.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ReplicatorReplayTests {
    /// A `Replicator` with one recorded peer.
    private final class Stage {
        let world = SimulationWorld()
        let node: SimulationNode
        let peer: Peer
        let recorded: RecordedSession

        init(_ name: String, ours: KeyPath<RecordedSession, RecordedSession.Side>) throws {
            let recorded = try RecordedSession(name)
            self.recorded = recorded
            let side = recorded[keyPath: ours]
            let other = side.isInitiator ? recorded.responder : recorded.initiator
            let secret = try #require(Bytes32(hex: side.json["staticSecretKey"].string))
            var configuration = Session.Configuration(staticKey: NoiseKeyPair(secretKey: secret))
            configuration.encrypted = recorded.encrypted
            configuration.handshake = recorded.handshake
            let random = RecordedRandom(
                try #require([UInt8](hex: side.json["ephemeralSecretKey"].string))
                    + (try #require([UInt8](hex: side.json["nonce"].string))))
            node = SimulationNode(world, configuration: configuration, random: random)
            peer = Peer(world, try recorded.session(other), other)
        }

        /// Lets the recorded side speak, a tenth of a second between its chunks.
        func play(until done: () -> Bool = { false }) {
            if peer.side.isInitiator {
                SimulationLink(world, from: peer, to: node, delay: .milliseconds(1))
            } else {
                SimulationLink(world, from: node, to: peer, delay: .milliseconds(1))
            }
            world.run(for: .seconds(15), until: done)
        }
    }

    /// Sends what was recorded, hears with a session that has the same secrets and opens the same
    /// feeds.
    private final class Peer: SimulationHost, @unchecked Sendable {
        let world: SimulationWorld
        let side: RecordedSession.Side
        var ear: Session
        var keys: [PublicKey] = []
        private(set) var heard: [Message] = []
        private(set) var isConnected = false
        private(set) var failure: (any Error)?

        init(_ world: SimulationWorld, _ ear: Session, _ side: RecordedSession.Side) {
            self.world = world
            self.ear = ear
            self.side = side
        }

        func connected(_ end: SimulationEnd, initiator: Bool) {
            isConnected = true
            for key in keys { _ = try? ear.open(key, extensions: []) }
            for (i, chunk) in side.chunks.enumerated() {
                world.after(.milliseconds(100 * (i + 1))) { end.send(chunk) }
            }
        }

        func received(_ bytes: [UInt8], on end: SimulationEnd) {
            do {
                for event in try ear.events(bytes, at: world.now) {
                    if case .message(_, let message) = event { heard.append(message) }
                }
            } catch {
                failure = error
            }
            _ = ear.takeOutput()
        }

        func disconnected(_ end: SimulationEnd) { isConnected = false }
        func writable(_ isWritable: Bool, on end: SimulationEnd) {}
    }

    private func writer(_ recorded: RecordedSession, blocks: [[UInt8]]) throws -> Feed {
        let seed = try #require(Bytes32(hex: recorded.json["feeds"][0]["seed"].string))
        let feed = try Feed(storage: MemoryStorage(), keyPair: KeyPair(seed: seed))
        try feed.append(blocks)
        #expect(feed.key == recorded.keys[0])
        return feed
    }

    /// The blocks that the recorded writer sent, in order.
    private func blocks(_ recorded: RecordedSession) throws -> [[UInt8]] {
        var found: [UInt64: [UInt8]] = [:]
        for side in [recorded.initiator, recorded.responder] {
            for frame in try PlainFrame.all(side.frames) where frame.type == 9 {
                if case .data(let index, let value?, _, _) = try frame.message() {
                    found[index] = value
                }
            }
        }
        return try (0..<UInt64(recorded.json["feeds"][0]["length"].int)).map {
            try #require(found[$0])
        }
    }

    /// A reader of the reference that is not live gets every block it asked for, with proofs that
    /// verify, and the end it waits for.
    @Test(arguments: ["full", "swap", "noencrypt", "plain", "ack"])
    func aRecordedReaderIsServed(name: String) throws {
        let writerIsInitiator = name != "swap"
        let stage = try Stage(name, ours: writerIsInitiator ? \.initiator : \.responder)
        let blocks = try blocks(stage.recorded)
        let feed = try writer(stage.recorded, blocks: blocks)
        stage.node.serve(feed)
        stage.peer.keys = stage.recorded.keys
        stage.play()
        #expect(stage.peer.failure == nil)
        #expect(stage.node.drops.isEmpty)
        let copy = try SimulationFeeds.reader(of: feed)
        for case .data(let index, let value?, let nodes, let signature) in stage.peer.heard {
            let nodes = nodes.map { TreeNode(index: $0.index, hash: $0.hash, size: $0.size) }
            try copy.put(index, value: value, proof: Proof(nodes: nodes, signature: signature))
        }
        #expect(try SimulationFeeds.isCopy(copy, of: feed))
        guard name != "ack" else { return }
        let last = stage.peer.heard.last
        #expect(last == .status(uploading: false, downloading: false))
        #expect(stage.node.engine.feeds.isEmpty)
    }

    /// A recorded writer: its answers are the ones to our own requests, too.
    @Test(arguments: ["full", "swap", "noencrypt", "plain"])
    func aRecordedWriterIsCopied(name: String) throws {
        let writerIsInitiator = name != "swap"
        let stage = try Stage(name, ours: writerIsInitiator ? \.responder : \.initiator)
        let blocks = try blocks(stage.recorded)
        let feed = try writer(stage.recorded, blocks: blocks)
        let copy = try SimulationFeeds.reader(of: feed)
        stage.peer.keys = stage.recorded.keys
        let outcome = stage.node.demand(.blocks(0..<feed.length), of: copy)
        stage.play { outcome.result != nil }
        #expect(outcome.isMet)
        #expect(try SimulationFeeds.isCopy(copy, of: feed))
        let asked = stage.peer.heard.compactMap {
            if case .request(let index, 0, false, _) = $0 { index } else { nil }
        }
        #expect(asked.sorted() == Array(0..<feed.length))
        #expect(stage.node.drops.isEmpty)
    }

    /// docs/spec/hypercore.md 11.4: of the many requests for one byte the first is answered, with
    /// the hashes of the block that holds it.
    @Test func aRecordedSeekIsAnsweredOnce() throws {
        let stage = try Stage("seek", ours: \.initiator)
        let sizes = stage.recorded.json["blockSizes"].array.map(\.int)
        let blocks = sizes.enumerated().map { i, size in
            (0..<size).map { UInt8((i * 31 + $0 * 17 + 5) & 255) }
        }
        stage.node.serve(try writer(stage.recorded, blocks: blocks))
        stage.peer.keys = stage.recorded.keys
        stage.play()
        #expect(stage.node.drops.isEmpty)
        let asked = try PlainFrame.all(stage.recorded.responder.frames).compactMap {
            $0.type == 7 ? try $0.message() : nil
        }
        var expected: [UInt64] = []
        var lastByte: UInt64 = 0
        for case .request(let index, let byte, _, _) in asked {
            if byte != 0 && byte == lastByte { continue }
            if byte == 0 {
                expected.append(index)
                continue
            }
            lastByte = byte
            var end: UInt64 = 0
            let block = sizes.firstIndex { size in
                end += UInt64(size)
                return byte < end
            }
            expected.append(block.map { UInt64($0) } ?? index)
        }
        let answered: [UInt64] = stage.peer.heard.compactMap {
            if case .data(let index, _, _, _) = $0 { index } else { nil }
        }
        #expect(!answered.isEmpty)
        #expect(answered == expected)
    }

    /// Live sessions: extension messages, hash requests, feeds refused and opened late.
    @Test func aRecordedLiveSessionIsPlayedThrough() throws {
        let stage = try Stage("live", ours: \.initiator)
        let feed = try writer(stage.recorded, blocks: Self.generated(9))
        final class Heard: @unchecked Sendable { var payloads: [[UInt8]] = [] }
        let heard = Heard()
        feed.handleExtension("zeta") { _, payload in heard.payloads.append(payload) }
        stage.node.serve(feed)
        stage.peer.keys = stage.recorded.keys
        stage.play()
        #expect(stage.node.drops.isEmpty)
        #expect(heard.payloads == [Array("ping".utf8)])
        let answers: [UInt64: Bool] = stage.peer.heard.reduce(into: [:]) {
            if case .data(let index, let value, _, _) = $1 { $0[index] = value != nil }
        }
        #expect(answers == [3: true, 0: true, 5: false, 8: true])
    }

    @Test func severalRecordedFeedsShareAConnection() throws {
        let stage = try Stage("multi", ours: \.initiator)
        for member in stage.recorded.json["feeds"].array {
            let seed = try #require(Bytes32(hex: member["seed"].string))
            let feed = try Feed(storage: MemoryStorage(), keyPair: KeyPair(seed: seed))
            try feed.append(Self.generated(member["length"].int))
            stage.node.serve(feed)
        }
        stage.peer.keys = stage.recorded.keys
        stage.play()
        #expect(stage.peer.failure == nil)
        #expect(stage.node.drops.isEmpty)
        let answers = stage.peer.heard.count { if case .data = $0 { true } else { false } }
        #expect(answers == 5)
    }

    /// The blocks that Tests/Fixtures/hypercore/README.md tells how to make.
    private static func generated(_ count: Int) -> [[UInt8]] {
        (0..<count).map { i in
            let bytes: Int = (i * 62 + 13) % 97
            return (0..<bytes).map { j in
                let byte: Int = i * 31 + j * 17 + 5
                return UInt8(truncatingIfNeeded: byte)
            }
        }
    }

    /// Capabilities that are wrong: the connection ends, or just the feed stays closed (11.1).
    @Test func wrongCapabilitiesOpenNothing() throws {
        for name in ["badcap", "badcap2"] {
            let stage = try Stage(name, ours: \.initiator)
            let feed = try writer(stage.recorded, blocks: [[1]])
            stage.node.serve(feed)
            if name == "badcap" {
                stage.node.replicator.join(try SimulationFeeds.reader(of: feed))
            }
            stage.play()
            #expect(stage.node.engine.feeds.values.allSatisfy { $0.channels.isEmpty })
            #expect(stage.node.drops.count == (name == "badcap" ? 1 : 0))
        }
    }
}
