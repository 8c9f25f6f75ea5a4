import HyperCrypto
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DNSPacketTests {
    private func decode(_ bytes: [UInt8]) throws -> DNSPacket {
        try bytes.withUnsafeBytes { try DNSPacket(decoding: $0) }
    }

    @Test func everyRecordedPacketIsReadAndWrittenTheSame() throws {
        let log = try Fixtures.json("swarm/mdns.json")["log"].array.filter { !$0["hex"].isNull }
        #expect(log.count == 10)
        for entry in log {
            let bytes = try #require([UInt8](hex: entry["hex"].string))
            let packet = try decode(bytes)
            #expect(packet.encoded == bytes)
            #expect(packet.isResponse == (entry["type"].string == "response"))
            #expect(
                packet.questions.map(\.name.description)
                    == entry["questions"].array.map(\.["name"].string))
            #expect(packet.questions.allSatisfy { $0.kind == 33 && $0.group == 1 })
            #expect(packet.answers.count == entry["answers"].array.count)
            for (record, told) in zip(packet.answers, entry["answers"].array) {
                #expect(record.name.description == told["name"].string)
                #expect(record.timeToLive == 0 && record.group == 1)
                switch record.content {
                case .srv(let priority, let weight, let port, let target):
                    #expect(told["type"].string == "SRV" && priority == 0 && weight == 0)
                    #expect(Int(port) == told["data"]["port"].int)
                    #expect(target.description == told["data"]["target"].string)
                case .txt(let strings):
                    #expect(strings.map(\.hex) == told["data"].array.map(\.string))
                case .a(let address): #expect(address.description == told["data"].string)
                case .aaaa, .other: Issue.record("not in the recording")
                }
            }
        }
    }

    @Test func topicsHaveTheFamilysNames() throws {
        let keys = try Fixtures.json("swarm/identifiers.json")["discovery_keys"].array
        #expect(keys.count == 3)
        for key in keys {
            let topic = try #require(Bytes32(hex: key["discoveryKey"].string))
            #expect(LANTopic.name(of: topic).description == key["mdns_name_hyperswarm"].string)
        }
    }

    @Test func compressedNamesAreRead() throws {
        // A question for "a.local" and an answer whose name points at it and whose target is
        // "b" followed by a pointer to "local".
        var bytes: [UInt8] = [0, 0, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]
        bytes += [1, 0x61, 5] + Array("local".utf8) + [0, 0, 33, 0, 1]
        bytes += [
            0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 10, 0, 1, 0, 2, 0x12, 0x34, 1, 0x62, 0xc0, 14,
        ]
        let packet = try decode(bytes)
        #expect(packet.questions.map(\.name.description) == ["a.local"])
        let target = try #require(DNSName("b.local"))
        #expect(packet.answers.map(\.name.description) == ["a.local"])
        #expect(
            packet.answers.map(\.content) == [
                .srv(priority: 1, weight: 2, port: 0x1234, target: target)
            ])
    }

    @Test(
        arguments: [
            // A pointer to itself, a pointer forward, two that point at each other.
            [0xc0, 12], [0xc0, 14, 0], [0xc0, 14, 0xc0, 12], [0x40, 1],
            [64] + [UInt8](repeating: 1, count: 64),
            [5, 1, 2],
        ] as [[UInt8]])
    func namesWithoutEndAreRefused(_ name: [UInt8]) {
        let head: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(throws: (any Error).self) { try decode(head + name + [0, 33, 0, 1]) }
    }

    @Test func aLongChainOfPointersIsRefused() throws {
        // Each pointer leads to the one before it: no loop, but a walk.
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        // The question's own name starts at 12 and is plain; the chain hides in an answer.
        bytes[7] = 1
        bytes += [1, 0x61, 0, 0, 33, 0, 1]
        let data = (0..<20).flatMap { index -> [UInt8] in
            let place = index == 0 ? 12 : 19 + 11 + 2 * (index - 1)
            return [0xc0, UInt8(place)]
        }
        bytes += [0, 0, 16, 0, 1, 0, 0, 0, 0, 0, UInt8(data.count)] + data
        let last = UInt8(19 + 11 + 2 * 19)
        #expect(try decode(bytes).answers.count == 1)
        var second = bytes
        second[7] = 2
        second += [0xc0, last, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(throws: DNSReader.Malformed.name) { try decode(second) }
    }

    @Test func namesLongerThanAllowedAreRefused() {
        let label = [UInt8(63)] + [UInt8](repeating: 0x61, count: 63)
        let head: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let name = label + label + label + label + [0]
        #expect(throws: DNSReader.Malformed.name) { try decode(head + name + [0, 33, 0, 1]) }
        #expect(DNSName(String(repeating: "a", count: 64)) == nil)
        #expect(DNSName("a..b") == nil)
    }

    @Test func mutatedPacketsNeverCrash() throws {
        var random = SeededRandom.announced()
        let log = try Fixtures.json("swarm/mdns.json")["log"].array
        let good = log.compactMap { [UInt8](hex: $0["hex"].string) }.filter { !$0.isEmpty }
        for _ in 0..<5000 {
            var bytes = good[Int(random.next() % UInt64(good.count))]
            for _ in 0...random.next() % 4 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            bytes.removeLast(Int(random.next() % 8))
            if let packet = try? decode(bytes) { #expect(try decode(packet.encoded) == packet) }
        }
    }
}
