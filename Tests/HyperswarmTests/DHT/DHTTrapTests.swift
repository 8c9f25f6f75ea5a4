import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// Where the reference family falls or can be made to harm others (docs/spec/dht.md sections 11
/// and 12), we must not.
@Suite(.timeLimit(.minutes(1)))
struct DHTTrapTests {
    private let lab = DHTLab()
    private let server = DHTFixtures.endpoint("20.1.0.1:1000")
    private let client = DHTFixtures.endpoint("20.2.0.1:2000")
    private let node: DHTNode

    init() { node = lab.addNode("20.1.0.1:1000") }

    private func query(
        _ command: String, target: DHTKey? = DHTKey(Blake2b.hash32([1])), value: [UInt8]? = nil
    ) -> DHTMessage {
        var message = DHTMessage(.query, rid: 77)
        message.to = DHTAddress(server)
        message.command = command
        message.target = target
        message.value = value
        return message
    }

    private func update(
        _ command: String, target: DHTKey? = DHTKey(Blake2b.hash32([1])), value: [UInt8]? = nil,
        from: Endpoint? = nil
    ) throws -> DHTMessage {
        let from = from ?? client
        let answer = lab.send(query(DHTNode.findNodeCommand), from: from, to: server).first
        var message = query(command, target: target, value: value)
        message.kind = .update
        message.roundtripToken = try #require(answer?.roundtripToken)
        return message
    }

    private func expectAlive() {
        let answers = lab.send(query("_ping"), from: client, to: server)
        #expect(answers.first?.value == DHTAddress(client)?.bytes)
    }

    /// Each of these ends a process of the reference family.
    @Test func theSixDatagramsThatKillTheOthersAreAnsweredWithAnErrorOrNot() throws {
        let invalid = "ERR_INVALID_INPUT"
        func error(_ message: DHTMessage) -> String? {
            lab.send(message, from: client, to: server).first?.error
        }
        #expect(error(query("peers")) == invalid)
        #expect(error(query("mutable-store")) == invalid)
        #expect(error(try update("immutable-store")) == invalid)
        let short = DHTMutableFields(value: [1], signature: [1, 2, 3], seq: 1)
        #expect(error(try update("mutable-store", value: short.encoded)) == invalid)
        let long = [UInt8](repeating: 1, count: 1001)
        #expect(error(try update("immutable-store", value: long)) == invalid)
        let huge = DHTMutableFields(
            value: long, signature: [UInt8](repeating: 0, count: 64), seq: 1)
        #expect(error(try update("mutable-store", value: huge.encoded)) == invalid)
        // A target of 31 bytes: not even an error.
        var writer = DHTFieldWriter()
        writer.append(1, varint: 1)
        writer.append(2, varint: 5)
        writer.append(4, bytes: [UInt8](repeating: 1, count: 31))
        writer.append(7, bytes: "peers".utf8)
        #expect(lab.send(writer.bytes, from: client, to: server).isEmpty)
        expectAlive()
    }

    @Test func anUpdateNeedsATokenThatWasGivenToItsHost() throws {
        var message = query("peers", value: [8, 0])
        message.kind = .update
        #expect(lab.send(message, from: client, to: server).isEmpty)
        message.roundtripToken = try update("peers").roundtripToken
        let thief = DHTFixtures.endpoint("20.3.0.1:2000")
        #expect(lab.send(message, from: thief, to: server).isEmpty)
        #expect(lab.send(message, from: client, to: server).count == 1)
        #expect(node.peers.count == 1)
    }

    @Test func onlyTheNodeThatWasAskedCanAnswer() throws {
        let ticket = try #require(node.ping(client))
        lab.settle()
        let asked = try #require(lab.log.last { $0.to == client })
        var answer = DHTMessage(.response, rid: try DHTFixtures.decode(asked.bytes).rid)
        answer.to = DHTAddress(server)
        lab.send(answer.encoded, from: DHTFixtures.endpoint("20.2.0.1:2001"), to: server)
        #expect(lab.events.allSatisfy { if case .pong = $0.event { false } else { true } })
        lab.send(answer.encoded, from: client, to: server)
        let pong = DHTEvent.pong(ticket, from: client, ownAddress: server)
        #expect(lab.events.map(\.event).contains(pong))
    }

    @Test func anOldRecordNeverReplacesANewerOne() throws {
        let pair = KeyPair(seed: Blake2b.hash32([9]))
        let target = DHTKey(pair.publicKey.raw)
        func put(_ value: [UInt8], _ seq: UInt64) throws -> [DHTMessage] {
            let record = try #require(DHTMutable(value: value, seq: seq, signedBy: pair))
            return lab.send(
                try update("mutable-store", target: target, value: record.encoded),
                from: client, to: server)
        }
        #expect(try put([5], 5).first?.error == nil)
        let stale = try put([4], 4)
        #expect(stale.count == 1 && stale.first?.error == "ERR_SEQ_MUST_EXCEED_CURRENT")
        #expect(try put([6], 5).first?.error == "ERR_INVALID_SEQ")
        #expect(try put([5], 5).first?.error == "ERR_SEQ_MUST_EXCEED_CURRENT")
        let wanted = DHTMutableFields(seq: 0).encoded
        let found = lab.send(
            query("mutable-store", target: target, value: wanted), from: client, to: server)
        let record = try #require(found.first?.value.flatMap { DHTMutable(decoding: $0) })
        #expect(record.value == [5])
        #expect(stale.first?.value == record.encoded, "the error carries the proof")
        #expect(stale.first?.roundtripToken == nil, "and no token")
        let newer = DHTMutableFields(seq: 6).encoded
        let none = lab.send(
            query("mutable-store", target: target, value: newer), from: client, to: server)
        #expect(none.first?.error == nil && none.first?.value == nil)
    }

    @Test func nobodyEntersTheTableWithoutHavingAnswered() {
        var message = query(DHTNode.findNodeCommand)
        message.id = DHTKey(Blake2b.hash32([2]))
        lab.send(message, from: client, to: server)
        #expect(node.nodeCount == 0, "the sender may be forged")
        #expect(lab.log.filter { $0.to == client }.count == 2, "it is asked once")
        lab.pass(.seconds(30))
        #expect(node.nodeCount == 0)
        #expect(lab.log.filter { $0.to == client }.count == 2)
        let honest = lab.addNode("20.9.0.1:1000", bootstrap: ["20.1.0.1:1000"])
        #expect(node.table[honest.id] != nil)
        // The same id from elsewhere: the one that we know stays.
        message.id = honest.id
        lab.send(message, from: client, to: server)
        #expect(node.table[honest.id]?.address.endpoint.description == "20.9.0.1:1000")
    }

    @Test func localAddressesAreShownOnlyToThoseBehindTheSameRouter() throws {
        let local = DHTAddress(exactly: [192, 168, 1, 5, 1, 1])
        let input = DHTPeersInput(port: 0, localAddress: local).encoded
        lab.send(try update("peers", value: input), from: client, to: server)
        let near = DHTPeersInput(localAddress: DHTAddress(exactly: [192, 168, 1, 6, 1, 1])).encoded
        func locals(_ text: String) throws -> Int {
            let answer = lab.send(
                query("peers", value: near), from: DHTFixtures.endpoint(text), to: server)
            return try DHTPeersOutput(decoding: answer.first?.value ?? []).localPeers.count
        }
        #expect(try locals("20.2.0.1:9") == 1)
        #expect(try locals("20.7.0.1:9") == 0)
    }

    /// 34-fold in the reference family.
    @Test func strangersGetLittleForLittle() throws {
        for number in 1...60 {
            lab.addNode("30.\(number).0.1:1000", bootstrap: ["20.1.0.1:1000"])
        }
        let topic = DHTKey(Blake2b.hash32([1]))
        for number in 1...200 {
            let from = DHTFixtures.endpoint("40.\(number).0.1:3000")
            lab.send(try update("peers", value: [8, 0], from: from), from: from, to: server)
        }
        #expect(node.nodeCount > 30 && node.peers.count > 100)
        let stranger = DHTFixtures.endpoint("50.1.0.1:3000")
        let asked = query("peers", target: topic, value: [])
        let bytes = lab.send(asked.encoded, from: stranger, to: server).first ?? []
        let answer = try DHTFixtures.decode(bytes)
        #expect(answer.nodes.count == 8)
        #expect(try DHTPeersOutput(decoding: answer.value ?? []).peers.count == 50)
        #expect(bytes.count < 850)
        // A token shows that it was the stranger who asked.
        var proven = asked
        proven.roundtripToken = answer.roundtripToken
        let more = lab.send(proven.encoded, from: stranger, to: server).first ?? []
        #expect(more.count > bytes.count && more.count <= 1200)
        #expect(
            try DHTPeersOutput(decoding: try DHTFixtures.decode(more).value ?? []).peers.count
                == 128)
    }

    @Test func aFloodIsAnsweredOnlySoFastAndOthersAreStillServed() {
        var answers = 0
        for _ in 0..<2000 {
            answers += lab.send(query("_ping"), from: client, to: server).count
        }
        #expect(answers == 100)
        lab.pass(.seconds(1))
        for _ in 0..<100 { answers += lab.send(query("_ping"), from: client, to: server).count }
        #expect(answers == 120)
        let other = DHTFixtures.endpoint("20.4.0.1:2000")
        #expect(lab.send(query("_ping"), from: other, to: server).count == 1)
        // Forged senders, each another: even so there is an end, but not for those we know.
        let known = lab.addNode("20.5.0.1:1000", bootstrap: ["20.1.0.1:1000"])
        for number in 0..<5000 {
            let forged = Endpoint(ip: .v4(0x3000_0000 + UInt32(number) << 8), port: 99)
            answers += lab.send(query("_ping"), from: forged, to: server).count
        }
        #expect(answers < 120 + 2000)
        var message = query("_ping")
        message.id = known.id
        let friend = DHTFixtures.endpoint("20.5.0.1:1000")
        #expect(lab.send(message, from: friend, to: server).count == 1)
    }

    @Test func holePunchesAreRelayedOnlyToThoseWhoWantThem() throws {
        let peer = DHTFixtures.endpoint("20.6.0.1:1000")
        func relayed(_ to: Endpoint, from: Endpoint) -> Int {
            let before = lab.log.count
            let value = DHTHolepunch(to: DHTAddress(to)).encoded
            lab.send(query("_holepunch", target: nil, value: value), from: from, to: server)
            return lab.log[before...].filter { $0.to == to }.count
        }
        #expect(relayed(peer, from: client) == 0, "a stranger to us")
        lab.addNode("20.6.0.1:1000", bootstrap: ["20.1.0.1:1000"])
        #expect(relayed(peer, from: client) == 1)
        for _ in 0..<100 { _ = relayed(peer, from: client) }
        #expect(relayed(peer, from: client) == 0, "too many of one")
        // An announcer, too.
        let announcer = DHTFixtures.endpoint("20.8.0.1:1000")
        lab.send(
            try update("peers", value: [8, 0], from: announcer), from: announcer, to: server)
        #expect(relayed(announcer, from: DHTFixtures.endpoint("20.11.0.1:1")) == 1)
        // Answering somewhere else on demand: not to private networks, and not often.
        let victim = DHTFixtures.endpoint("20.10.0.1:1000")
        func punched(_ to: Endpoint) -> Int {
            let before = lab.log.count
            let value = DHTHolepunch(from: DHTAddress(to)).encoded
            lab.send(query("_holepunch", target: nil, value: value), from: client, to: server)
            return lab.log[before...].filter { $0.to == to }.count
        }
        lab.pass(.seconds(20))
        for private_ in [
            "192.168.1.1:80", "10.0.0.1:80", "127.0.0.1:80", "239.1.1.1:80", "0.0.0.0:1",
        ] {
            #expect(punched(DHTFixtures.endpoint(private_)) == 0)
        }
        #expect((0..<90).reduce(0) { sum, _ in sum + punched(victim) } == 50)
        expectAlive()
    }

    @Test func addressesThatMeanNothingHereAreNotAsked() {
        let public_ = DHTAddress(ip: 0x1401_0001, port: 1)
        let home = DHTAddress(ip: 0xc0a8_0101, port: 1)
        let loop = DHTAddress(ip: 0x7f00_0001, port: 1)
        #expect(!home.isCredible(toldBy: public_) && !loop.isCredible(toldBy: public_))
        #expect(home.isCredible(toldBy: home) && !loop.isCredible(toldBy: home))
        #expect(public_.isCredible(toldBy: home) && loop.isCredible(toldBy: loop))
        for ip: UInt32 in [0, 0xe000_0001, 0xffff_ffff, 0x0000_0001] {
            #expect(!DHTAddress(ip: ip, port: 1).isCredible(toldBy: loop))
        }
        #expect(!DHTAddress(ip: 0x1401_0001, port: 0).isCredible(toldBy: loop))
    }
}
