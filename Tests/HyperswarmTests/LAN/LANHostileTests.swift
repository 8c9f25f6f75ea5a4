import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// What strangers, liars and floods achieve: nothing much.
@Suite(.timeLimit(.minutes(1)))
struct LANHostileTests {
    private let topic = Blake2b.hash32([1])
    private let now = NIODeadline.uptimeNanoseconds(5_000_000_000)

    private func node(announce: UInt16?, lookup: Bool) throws -> LANDiscovery {
        var core = LANDiscovery(random: SeededRandom(seed: 1), now: now)
        core.use([try LANRig.interface("10.0.0.1")], now: now)
        core.join(topic, announce: announce, lookup: lookup, now: now)
        core.advance(to: now)
        _ = core.takeEffects()
        return core
    }

    private func say(
        _ core: inout LANDiscovery, port: UInt16 = 4000, target: String = "0.0.0.0",
        from source: String, at time: NIODeadline? = nil
    ) throws -> [LANDiscovery.Sighting] {
        let packet = DNSPacket(answers: [
            DNSRecord(
                name: LANTopic.name(of: topic),
                content: .srv(
                    priority: 0, weight: 0, port: port, target: try #require(DNSName(target))))
        ])
        return try hear(&core, packet.encoded, from: source, at: time).compactMap { effect in
            if case .found(let sighting) = effect { sighting } else { nil }
        }
    }

    private func hear(
        _ core: inout LANDiscovery, _ bytes: [UInt8], from source: String,
        at time: NIODeadline? = nil
    ) throws -> [LANDiscovery.Effect] {
        let source = try #require(Endpoint(source))
        bytes.withUnsafeBytes {
            core.receive($0, from: source, on: LANRig.link, now: time ?? now)
        }
        return core.takeEffects()
    }

    @Test func onlyNeighborsAreHeard() throws {
        var core = try node(announce: 4000, lookup: true)
        #expect(try say(&core, from: "10.0.0.9:5353").count == 1)
        #expect(try say(&core, from: "10.0.1.9:5353").isEmpty)
        #expect(try say(&core, from: "8.8.8.8:5353").isEmpty)
        #expect(try say(&core, from: "127.0.0.1:5353").isEmpty)
        #expect(try say(&core, from: "[fe80::1]:5353").isEmpty)
        let query = DNSPacket(questions: [.init(name: LANTopic.name(of: topic))]).encoded
        #expect(try hear(&core, query, from: "8.8.8.8:5353").isEmpty)
        #expect(try hear(&core, query, from: "10.0.0.9:5353").count == 1)
    }

    @Test func nobodyIsPointedAtStrangers() throws {
        var core = try node(announce: nil, lookup: true)
        for target in ["8.8.8.8", "127.0.0.1", "224.0.0.1", "10.0.1.1", "example.org", "0.0.0.1"] {
            #expect(try say(&core, target: target, from: "10.0.0.9:5353").isEmpty, "\(target)")
        }
        #expect(try say(&core, port: 0, from: "10.0.0.9:5353").isEmpty)
        let allowed = try say(&core, target: "10.0.0.7", from: "10.0.0.9:5353")
        #expect(allowed.map(\.peer.description) == ["10.0.0.7:4000"])
    }

    @Test func ourOwnEchoIsNotAPeer() throws {
        var core = LANDiscovery(random: SeededRandom(seed: 1), now: now)
        core.use([try LANRig.interface("10.0.0.1")], now: now)
        core.join(topic, announce: 4000, lookup: true, now: now)
        core.advance(to: now)
        for case .send(let bytes, _) in core.takeEffects() {
            let heard = try hear(&core, bytes, from: "10.0.0.1:5353")
            #expect(!heard.contains { if case .found = $0 { true } else { false } })
        }
    }

    @Test func aFloodOfPeersIsCapped() throws {
        var core = try node(announce: nil, lookup: true)
        var found = 0
        for host in 1..<255 {
            found += try say(&core, from: "10.0.0.\(host):5353").count
        }
        #expect(found == Limits.LAN.peersPerTopicMax)
        let later = now + .seconds(61)
        #expect(try say(&core, from: "10.0.0.200:5353", at: later).count == 1)
    }

    @Test func aFloodOfQuestionsGetsFewAnswers() throws {
        var core = try node(announce: 4000, lookup: false)
        let question = DNSPacket.Question(name: LANTopic.name(of: topic))
        let query = DNSPacket(questions: [question]).encoded
        var answers = 0
        // A thousand askers, four times in one second.
        for index in 0..<1000 {
            let source = "10.0.0.\(index % 250 + 2):5353"
            answers += try hear(&core, query, from: source, at: now + .milliseconds(Int64(index)))
                .count
        }
        #expect(answers <= 20)
        #expect(answers >= 10)
        // The same question many times in one packet is one question.
        let many = DNSPacket(questions: Array(repeating: question, count: 120)).encoded
        let later = now + .seconds(60)
        #expect(try hear(&core, many, from: "10.0.0.2:5353", at: later).count == 1)
        #expect(
            try hear(&core, query, from: "10.0.0.2:5353", at: later + .milliseconds(50)).isEmpty)
    }

    @Test func aFloodOfPacketsCostsNothing() throws {
        var core = try node(announce: 4000, lookup: true)
        let noise = [UInt8](repeating: 0xc0, count: 9000)
        for _ in 0..<20_000 { _ = try hear(&core, noise, from: "10.0.0.9:5353") }
        #expect(core.counts.refused == 20_000)
        #expect(try say(&core, from: "10.0.0.9:5353").isEmpty)
        #expect(try say(&core, from: "10.0.0.9:5353", at: now + .seconds(1)).count == 1)
    }

    @Test func topicsAreCounted() throws {
        var core = try node(announce: nil, lookup: true)
        var joined = 1
        for index in 0..<2000 {
            let other = Blake2b.hash32([UInt8(index >> 8), UInt8(index & 255), 7])
            if core.join(other, announce: 1, lookup: false, now: now) { joined += 1 }
        }
        #expect(joined == Limits.LAN.topicsMax)
        let isJoined = core.join(topic, announce: 0, lookup: true, now: now)
        #expect(!isJoined, "port 0 is nobody's")
    }
}
