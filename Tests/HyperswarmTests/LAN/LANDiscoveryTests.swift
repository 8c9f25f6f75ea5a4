import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct LANDiscoveryTests {
    private let topic = Blake2b.hash32([1])

    /// The recorded scenario once more, with its random numbers: three topic objects of the
    /// reference are three cores, because a core has each topic once.
    @Test func theRecordedScenarioIsReplayedByteForByte() throws {
        let json = try Fixtures.json("swarm/mdns.json")
        let key = try #require(Bytes32(hex: json["topic"].string))
        let second = try #require(Bytes32(hex: json["topic2"].string))
        let packets = json["log"].array.compactMap { $0["hex"].stringOrNil }
        let events = json["log"].array.filter { !$0["event"].isNull }
        func marker(_ index: Int) throws -> MarkerRandom {
            let responses = json["log"].array.filter { $0["type"].string == "response" }
            let text = responses[index]["answers"][1]["data"][0].string
            let bytes = try #require([UInt8](hex: text.dropFirst(6)))
            return MarkerRandom(bytes: bytes, rest: SeededRandom(seed: 1))
        }
        var rig = LANRig()
        let plain = MarkerRandom(bytes: [], rest: SeededRandom(seed: 2))
        let announcer = try rig.add("127.0.0.1", random: marker(0))
        rig.nodes[announcer].core.join(key, announce: 10001, lookup: false, now: rig.now)
        rig.settle()
        rig.now = rig.now + .milliseconds(595)
        let searcher = try rig.add("127.0.0.1", random: plain)
        rig.nodes[searcher].core.join(key, announce: nil, lookup: true, now: rig.now)
        rig.settle()
        rig.now = rig.now + .milliseconds(598)
        let both = try rig.add("127.0.0.1", random: marker(2))
        rig.nodes[both].core.join(key, announce: 10002, lookup: true, now: rig.now)
        rig.settle()
        rig.now = rig.now + .milliseconds(603)
        // The same node as the first; its second topic has a number of its own.
        let other = try rig.add("127.0.0.1", random: marker(5))
        let single = try rig.add("127.0.0.1", random: plain)
        rig.nodes[single].core.join(second, announce: nil, lookup: true, now: rig.now)
        rig.nodes[other].core.join(second, announce: 1234, lookup: false, now: rig.now)
        rig.nodes.swapAt(other, single)
        rig.settle()

        #expect(Set(rig.log.map(\.bytes.hex)) == Set(packets))
        #expect(rig.log.count == packets.count)
        func told(_ name: String) -> [String] {
            events.filter { $0["event"].string == name }.map {
                "\($0["p"]["host"].string):\($0["p"]["port"].int)/\($0["p"]["topic"].string)"
            }
        }
        func seen(_ node: Int) -> [String] {
            rig.nodes[node].seen.map { "\($0.peer)/\($0.topic.hex)" }
        }
        #expect(seen(announcer).last == told("d1 peer").last)
        #expect(Set(seen(searcher)) == Set(told("d2 peer")))
        #expect(Set(seen(both)) == Set(told("d2 announce topic peer")))
        // Both of the announcement itself and of the answer to the question.
        #expect(Set(seen(other)) == Set(told("d2 one")))
    }

    @Test func twoNodesFindEachOtherWhicheverComesFirst() throws {
        for isSearcherFirst in [true, false] {
            var rig = LANRig()
            let searcher = try rig.add("10.0.0.1", random: SeededRandom(seed: 1))
            let announcer = try rig.add("10.0.0.2", random: SeededRandom(seed: 2))
            let join = [
                { (rig: inout LANRig) in
                    _ = rig.nodes[searcher].core.join(
                        self.topic, announce: nil, lookup: true, now: rig.now)
                },
                { (rig: inout LANRig) in
                    _ = rig.nodes[announcer].core.join(
                        self.topic, announce: 4000, lookup: false, now: rig.now)
                },
            ]
            for step in isSearcherFirst ? join : join.reversed() {
                step(&rig)
                rig.run(for: .milliseconds(10))
            }
            let peer = try #require(Endpoint("10.0.0.2:4000"))
            #expect(rig.nodes[searcher].seen.map(\.peer).contains(peer))
            #expect(rig.nodes[announcer].seen.isEmpty)
        }
    }

    @Test func whoOnlyAnnouncesNeverAsks() throws {
        var rig = LANRig()
        for seed in [1, 2] as [UInt64] {
            let node = try rig.add("10.0.0.\(seed)", random: SeededRandom(seed: seed))
            rig.nodes[node].core.join(topic, announce: 4000, lookup: false, now: rig.now)
        }
        rig.run(for: .minutes(10))
        #expect(rig.log.count == 2)
    }

    @Test func queriesComeEveryHalfToWholeMinute() throws {
        var random = SeededRandom.announced()
        var rig = LANRig()
        let node = try rig.add("10.0.0.1", random: SeededRandom(seed: random.next()))
        rig.nodes[node].core.join(topic, announce: nil, lookup: true, now: rig.now)
        rig.run(for: .minutes(30))
        let times = rig.log.map { ($0.at - rig.log[0].at).nanoseconds / 1_000_000 }
        // Two early repeats, for nobody answered.
        #expect(times.prefix(3) == [0, 1000, 4000])
        for (earlier, later) in zip(times.dropFirst(2), times.dropFirst(3)) {
            #expect((30_000...60_000).contains(later - earlier))
        }
        #expect(times.count > 25)
        rig.nodes[node].core.leave(topic)
        rig.log = []
        rig.run(for: .minutes(10))
        #expect(rig.log.isEmpty)
    }

    @Test func aLostQueryIsRepeatedSoon() throws {
        var rig = LANRig()
        let searcher = try rig.add("10.0.0.1", random: SeededRandom(seed: 1))
        let announcer = try rig.add("10.0.0.2", random: SeededRandom(seed: 2))
        rig.carries = { _, _ in false }
        rig.nodes[announcer].core.join(topic, announce: 4000, lookup: false, now: rig.now)
        rig.nodes[searcher].core.join(topic, announce: nil, lookup: true, now: rig.now)
        rig.run(for: .milliseconds(500))
        rig.carries = { _, _ in true }
        rig.run(for: .milliseconds(600))
        #expect(!rig.nodes[searcher].seen.isEmpty)
    }

    @Test func topicsShareTheirPackets() throws {
        var rig = LANRig()
        let searcher = try rig.add("10.0.0.1", random: SeededRandom(seed: 1))
        let announcer = try rig.add("10.0.0.2", random: SeededRandom(seed: 2))
        for index in 0..<100 as Range<UInt8> {
            let topic = Blake2b.hash32([index])
            rig.nodes[searcher].core.join(topic, announce: nil, lookup: true, now: rig.now)
            rig.nodes[announcer].core.join(topic, announce: 4000, lookup: false, now: rig.now)
        }
        rig.run(for: .milliseconds(10))
        #expect(Set(rig.nodes[searcher].seen.map(\.topic)).count == 100)
        #expect(rig.log.filter { $0.node == searcher }.count <= 6)
        #expect(rig.log.allSatisfy { $0.bytes.count <= Limits.LAN.packetBytes })
        // All together in one packet never grow past what one packet is answered for.
        #expect(rig.log.count < 60)
    }

    @Test func aNewInterfaceIsAskedAndToldAtOnce() throws {
        var rig = LANRig()
        let node = try rig.add("10.0.0.1", random: SeededRandom(seed: 1))
        rig.nodes[node].core.join(topic, announce: 4000, lookup: true, now: rig.now)
        rig.run(for: .seconds(10))
        rig.log = []
        let first = try LANRig.interface("10.0.0.1")
        let second = LANInterface(
            index: 2, name: "wlan0", isLoopback: false,
            subnets: [.init(address: try #require(IPAddress("fe80::1")), prefixLength: 64)])
        rig.nodes[node].core.use([first, second], now: rig.now)
        rig.nodes[node].core.advance(to: rig.now)
        let sent = rig.nodes[node].core.takeEffects().compactMap { effect in
            if case .send(let bytes, let link) = effect { (bytes, link) } else { nil }
        }
        #expect(sent.count == 4)
        let added = LANInterface.Link(interface: 2, isVersion6: true)
        #expect(sent.filter { $0.1 == added }.count == 2)
        // The same again is no news.
        rig.nodes[node].core.use([first, second], now: rig.now)
        rig.nodes[node].core.advance(to: rig.now)
        #expect(rig.nodes[node].core.takeEffects().isEmpty)
    }
}
