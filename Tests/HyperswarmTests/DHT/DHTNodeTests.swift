import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DHTNodeTests {
    private let lab = DHTLab()
    private let entry = "20.1.0.1:1000"
    private let topic = DHTKey(Blake2b.hash32([1]))

    private func network(_ count: Int) -> [DHTNode] {
        [lab.addNode(entry)]
            + (1..<count).map { lab.addNode("20.1\($0).0.1:1000", bootstrap: [entry]) }
    }

    private func peers(_ ticket: DHTTicket?) -> Set<String> {
        var found: Set<String> = []
        for (_, event) in lab.events {
            guard case .peers(let other, let answer) = event, other == ticket else { continue }
            found.formUnion(answer.peers.map(\.description))
        }
        return found
    }

    private func summary(_ ticket: DHTTicket?) -> DHTQuerySummary? {
        for (_, event) in lab.events {
            if case .finished(let other, let summary) = event, other == ticket { return summary }
        }
        return nil
    }

    @Test func whatIsAnnouncedIsFoundUntilItIsTakenBackOrForgotten() throws {
        let nodes = network(8)
        let announced = nodes[3].announce(topic)
        lab.settle()
        #expect(summary(announced)?.acknowledged == 7)
        let lookup = nodes[5].lookup(topic)
        lab.settle()
        #expect(peers(lookup) == ["20.13.0.1:1000"])
        _ = nodes[4].announce(topic, port: 5)
        _ = nodes[3].unannounce(topic)
        lab.settle()
        lab.forget()
        let second = nodes[6].lookup(topic)
        lab.settle()
        #expect(peers(second) == ["20.14.0.1:5"])
        lab.pass(.seconds(17 * 60))
        lab.forget()
        let third = nodes[6].lookup(topic)
        lab.settle()
        #expect(peers(third) == [])
        #expect(summary(third)?.succeeded == true)
    }

    @Test func valuesArePutAndGotAndOnlyTheNewestCounts() throws {
        let nodes = network(6)
        let put = try #require(nodes[1].putImmutable(Array("value".utf8)))
        lab.settle()
        let get = try #require(nodes[2].getImmutable(put.key))
        lab.settle()
        #expect(lab.events.map(\.event).contains(.immutable(get, value: Array("value".utf8))))
        let pair = KeyPair(seed: Blake2b.hash32([3]))
        let other = KeyPair(seed: Blake2b.hash32([4]))
        for seq in [1, 3, 2] as [UInt64] {
            let record = try #require(
                DHTMutable(value: [UInt8(seq)], seq: seq, salt: [7], signedBy: pair))
            #expect(nodes[1].putMutable(record, key: other.publicKey) == nil)
            let ticket = nodes[1].putMutable(record, key: pair.publicKey)
            lab.settle()
            let isStale = seq == 2
            #expect(summary(ticket)?.acknowledged == (isStale ? 0 : 5))
            #expect(summary(ticket)?.newer?.seq == (isStale ? 3 : nil))
        }
        let reader = lab.addNode("20.99.0.1:1", bootstrap: [entry], mode: .ephemeral)
        let got = try #require(reader.getMutable(pair.publicKey, salt: [7]))
        let without = try #require(reader.getMutable(pair.publicKey))
        lab.settle()
        var values: [[UInt8]] = []
        for (_, event) in lab.events {
            guard case .mutable(let ticket, let record) = event else { continue }
            #expect(ticket != without)
            if ticket == got { values.append(record.value) }
        }
        #expect(values == [[3]])
    }

    @Test func aNodeOnItsOwnIsReadyAndFindsNothing() {
        let node = lab.addNode(entry)
        #expect(node.isReady && lab.events.map(\.event).contains(.ready))
        let ticket = node.lookup(topic)
        lab.settle()
        #expect(summary(ticket)?.succeeded == false)
    }

    @Test func deadEntryPointsAreGivenUpInTime() {
        let node = lab.addNode("20.2.0.1:1", bootstrap: ["20.3.0.1:1", "20.4.0.1:1"])
        #expect(!node.isReady)
        lab.pass(.seconds(2))
        #expect(node.isReady && node.nodeCount == 0)
        // It keeps asking.
        let before = lab.log.count
        lab.pass(.seconds(60))
        #expect(lab.log.count > before)
    }

    @Test func anUnansweredRequestIsRepeatedTwiceAndThenFails() throws {
        let node = lab.addNode(entry)
        let dead = DHTFixtures.endpoint("20.5.0.1:1")
        let ticket = try #require(node.ping(dead))
        var sent: [Int64] = []
        let start = lab.now
        lab.settle()
        for _ in 0..<80 {
            sent += lab.log.map { _ in (lab.now - start).nanoseconds / 1_000_000 }
            let bytes = Set(lab.log.map(\.bytes))
            #expect(bytes.count <= 1)
            if lab.events.map(\.event).contains(.unanswered(ticket)) { break }
            lab.forget()
            lab.pass(.milliseconds(100))
        }
        #expect(sent == [0, 1500, 3800], "as the clock of the test ticks")
        #expect((lab.now - start).nanoseconds / 1_000_000 == 6800)
    }

    @Test func aStableAddressMakesANodePersistent() {
        _ = network(5)
        let node = lab.addNode("20.77.0.1:7", bootstrap: [entry], mode: .adaptive)
        let address = DHTFixtures.endpoint("20.77.0.1:7")
        #expect(node.ownAddress == .stable(address) && node.ownAddress.isHolepunchable)
        #expect(!node.isPersistent)
        lab.pass(.seconds(19 * 60))
        #expect(!node.isPersistent)
        lab.pass(.seconds(12 * 60))
        #expect(node.isPersistent)
        #expect(lab.events.map(\.event).contains(.becamePersistent))
        let holders = lab.nodes.values.filter { $0.table[node.id] != nil }
        #expect(holders.count == 5)
    }

    @Test func aSymmetricNATIsRecognized() {
        var votes = DHTAddressVotes()
        func vote(_ teller: UInt32, _ ip: UInt32, _ port: UInt16) {
            votes.add(
                DHTAddress(ip: ip, port: port),
                from: DHTAddress(ip: 0x1400_0000 + teller << 16, port: 1))
        }
        #expect(votes.verdict == .unknown)
        vote(1, 0x5000_0001, 10)
        #expect(votes.verdict == .unknown, "one is not enough")
        vote(1, 0x5000_0001, 10)
        #expect(votes.verdict == .unknown, "nor one who says it twice")
        vote(2, 0x5000_0001, 10)
        #expect(votes.verdict.isHolepunchable)
        vote(3, 0x5000_0001, 11)
        vote(4, 0x5000_0001, 12)
        #expect(votes.verdict == .symmetric(.v4(0x5000_0001)))
        for teller in 5...14 as ClosedRange<UInt32> { vote(teller, 0x5000_0001, 20) }
        #expect(votes.verdict.isHolepunchable)
        vote(15, 0x6000_0001, 1)
        vote(16, 0x6000_0002, 1)
        #expect(votes.verdict.isHolepunchable, "two liars")
        vote(17, 0x6000_0003, 1)
        #expect(!votes.verdict.isHolepunchable)
    }

    @Test func savedNodesAreAQuickStartWithoutEntryPoints() {
        let nodes = network(10)
        let saved = nodes[4].savedNodes()
        #expect(saved.count == 1 + 9 * 38)
        let endpoint = DHTFixtures.endpoint("20.88.0.1:1")
        let node = lab.addNode(endpoint, .init(mode: .persistent, saved: saved))
        #expect(node.isReady && node.nodeCount == 10)
        for damaged in [[], [9], [2] + saved.dropFirst(), Array(saved.prefix(100))] as [[UInt8]] {
            let other = DHTNode(
                .init(saved: damaged), random: SeededRandom(seed: 1 << 40), now: lab.now)
            #expect(other.remembered.count == (damaged.count == 100 ? 2 : 0))
        }
    }

    @Test func aHolePunchReachesAPeerThroughTheNodeThatKnowsIt() throws {
        let nodes = network(4)
        let peer = DHTFixtures.endpoint("20.12.0.1:1000")
        let ticket = try #require(
            nodes[3].holepunch(peer, through: DHTFixtures.endpoint(entry)))
        // What goes straight to the peer gets no answer: only the helper's word does.
        lab.settle()
        let events = lab.events.map(\.event)
        #expect(events.contains(.punched(ticket, peer: peer, source: peer)))
        let asker = DHTFixtures.endpoint("20.13.0.1:1000")
        #expect(events.contains(.punchRequested(by: asker)))
        #expect(nodes[3].punchCount == 0)
    }

    @Test func aSymmetricPeerAnswersAHolePunchFromAnotherPort() throws {
        let node = lab.addNode(entry)
        let peer = DHTFixtures.endpoint("20.50.0.1:1000")
        let ticket = try #require(
            node.holepunch(peer, through: DHTFixtures.endpoint("20.51.0.1:1")))
        lab.settle()
        let rids = try lab.log.map { try DHTFixtures.decode($0.bytes).rid }
        #expect(rids.count == 2 && Set(rids).count == 1)
        let other = DHTFixtures.endpoint("20.50.0.1:2222")
        lab.send(
            DHTMessage(.response, rid: rids[0]).encoded, from: other,
            to: DHTFixtures.endpoint(entry))
        let punched = DHTEvent.punched(ticket, peer: peer, source: other)
        #expect(lab.events.map(\.event).contains(punched))
    }

    @Test func manyQueriesAtOnceAreQueuedAndAllEnd() {
        let nodes = network(6)
        lab.forget()
        let tickets = (0..<300).compactMap { number in
            nodes[2].lookup(DHTKey(Blake2b.hash32([UInt8(number & 255), UInt8(number >> 8)])))
        }
        #expect(tickets.count == 300)
        lab.settle()
        lab.pass(.seconds(60))
        let done = lab.events.count { if case .finished = $0.event { true } else { false } }
        #expect(done == 300)
        #expect(nodes[2].queries.isEmpty && nodes[2].requests.queuedCount == 0)
    }

    @Test func aCancelledQueryIsSilent() throws {
        let nodes = network(4)
        let ticket = try #require(nodes[2].lookup(topic))
        nodes[2].cancel(ticket)
        lab.settle()
        lab.pass(.seconds(20))
        #expect(summary(ticket) == nil)
    }
}
