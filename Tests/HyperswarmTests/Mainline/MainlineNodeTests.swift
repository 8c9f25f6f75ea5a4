import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct MainlineNodeTests {
    /// Nodes whose datagrams arrive at once.
    private final class Lab {
        var now = DHTFixtures.start
        var nodes: [Endpoint: MainlineNode] = [:]
        var order: [Endpoint] = []
        var log: [(from: Endpoint, to: Endpoint, bytes: [UInt8])] = []
        var events: [DHTEvent] = []

        @discardableResult
        func add(_ text: String, bootstrap: [String] = [], readOnly: Bool = false) -> MainlineNode {
            let endpoint = DHTFixtures.endpoint(text)
            let node = MainlineNode(
                .init(
                    bootstrap: bootstrap.map { DHTFixtures.endpoint($0) }, isReadOnly: readOnly),
                random: SeededRandom(seed: UInt64(order.count + 1)), now: now)
            nodes[endpoint] = node
            order.append(endpoint)
            node.start(now: now)
            settle()
            return node
        }

        func send(_ bytes: [UInt8], from: String, to: String) -> [KRPCMessage] {
            let (from, to) = (DHTFixtures.endpoint(from), DHTFixtures.endpoint(to))
            let before = log.count
            nodes[to]?.receive(bytes, from: from, now: now)
            settle()
            return log[before...].filter { $0.to == from }.compactMap { datagram in
                try? datagram.bytes.withUnsafeBytes { try KRPCMessage(decoding: $0) }
            }
        }

        func settle() {
            while true {
                var wire: [(from: Endpoint, to: Endpoint, bytes: [UInt8])] = []
                for endpoint in order {
                    for effect in nodes[endpoint]?.takeEffects() ?? [] {
                        switch effect {
                        case .send(let bytes, let to): wire.append((endpoint, to, bytes))
                        case .event(let event): events.append(event)
                        }
                    }
                }
                guard !wire.isEmpty else { return }
                log += wire
                for datagram in wire {
                    nodes[datagram.to]?.receive(
                        datagram.bytes, from: datagram.from, now: now)
                }
            }
        }

        func pass(_ time: TimeAmount) {
            let end = now + time
            while let next = nodes.values.compactMap(\.nextDeadline).min(), next <= end {
                now = max(now, next)
                for endpoint in order { nodes[endpoint]?.advance(to: now) }
                settle()
            }
            now = end
        }
    }

    private let lab = Lab()
    private let entry = "20.1.0.1:6881"
    private let topic = DHTKey(Blake2b.hash32([1]))

    private func network(_ count: Int) -> [MainlineNode] {
        [lab.add(entry)] + (1..<count).map { lab.add("20.1\($0).0.1:6881", bootstrap: [entry]) }
    }

    private func query(_ method: String, _ arguments: [String: Bencode?]) -> [UInt8] {
        var arguments = arguments
        arguments["id"] = Bencode.bytes([UInt8](repeating: 7, count: 20))
        return KRPCMessage(
            .query(method: method, arguments: .members(arguments)),
            transaction: Array("xyz".utf8)
        ).encoded
    }

    @Test func peersAreAnnouncedAndFound() {
        let nodes = network(12)
        #expect(nodes.allSatisfy { $0.isReady && $0.nodeCount >= 5 })
        _ = nodes[3].announce(topic, port: 1234)
        lab.settle()
        lab.events = []
        let reader = lab.add("20.99.0.1:6881", bootstrap: [entry], readOnly: true)
        let ticket = reader.lookup(topic)
        lab.settle()
        var found: Set<String> = []
        for case .peers(let other, let answer) in lab.events where other == ticket {
            found.formUnion(answer.peers.map(\.description))
        }
        // With implied_port: the port that datagrams come from, not the one in the message.
        #expect(found == ["20.13.0.1:6881"])
        let holders = nodes.filter { $0.table[reader.id] != nil }
        #expect(holders.isEmpty, "who only reads is not kept")
    }

    @Test func oneSignatureServesBothNetworks() throws {
        let nodes = network(10)
        let pair = KeyPair(seed: Blake2b.hash32([3]))
        for seq in [1, 4, 2] as [UInt64] {
            let record = try #require(
                DHTMutable(value: [UInt8(seq)], seq: seq, salt: [9], signedBy: pair))
            #expect(nodes[2].putMutable(record, key: pair.publicKey) != nil)
            lab.settle()
        }
        let put = try #require(nodes[5].putImmutable(Array("Hello World!".utf8)))
        #expect(put.sha1.hex == "e5f96f6f38320f0f33959cb4d3d656452117aadb")
        lab.settle()
        lab.events = []
        _ = nodes[7].getMutable(pair.publicKey, salt: [9])
        _ = nodes[8].getImmutable(sha1: put.sha1)
        lab.settle()
        var values: [[UInt8]] = []
        for event in lab.events {
            if case .mutable(_, let record) = event { values.append(record.value) }
            if case .immutable(_, let value) = event { values.append(value) }
        }
        #expect(Set(values) == [[4], Array("Hello World!".utf8)])
    }

    @Test func whatALibtorrentNodeSaysIsUnderstood() throws {
        let json = try Fixtures.json("swarm/krpc.json")
        lab.add(entry)
        var answers = 0
        for row in json["log"].array {
            guard row["dir"].string == "libtorrent>node", row["decoded"]["y"].string == "q",
                let bytes = DHTFixtures.bytes(row["hex"])
            else { continue }
            let sent = lab.send(bytes, from: "20.2.0.1:41729", to: entry)
            let transaction = try BencodeReader.read(bytes)["t"]?.bytes
            let answer = try #require(sent.first { $0.transaction == transaction })
            switch (row["decoded"]["q"].string, answer.body) {
            // Its tokens are not ours.
            case ("announce_peer", .error(let code, _)), ("put", .error(let code, _)):
                #expect(code == 203)
            case (_, .response(let values)):
                #expect(values["id"]?.bytes?.count == 20)
                #expect(answer.ip?.endpoint.description == "20.2.0.1:41729")
            default: Issue.record("\(row["decoded"])")
            }
            answers += 1
        }
        #expect(answers > 3)
    }

    @Test func badPutsAreRefusedWithTheirOwnCodes() throws {
        lab.add(entry)
        let client = "20.2.0.1:1"
        let pair = KeyPair(seed: Blake2b.hash32([3]))
        func code(_ arguments: [String: Bencode?]) throws -> Int64? {
            let get = query("get", ["target": .bytes([UInt8](repeating: 1, count: 20))])
            let first = lab.send(get, from: client, to: entry).first { $0.transaction.count == 3 }
            guard case .response(let values)? = first?.body else { return -1 }
            var arguments = arguments
            arguments["token"] = values["token"]
            let put = query("put", arguments)
            let answer = lab.send(put, from: client, to: entry).first { $0.transaction.count == 3 }
            if case .error(let code, _)? = answer?.body { return code }
            return nil
        }
        func item(_ value: [UInt8], _ seq: UInt64, cas: Int64? = nil) throws -> [String: Bencode?] {
            let record = try #require(DHTMutable(value: value, seq: seq, signedBy: pair))
            var item =
                MainlineOperation.putMutable(record, pair.publicKey)
                .update(target: topic)?.arguments ?? [:]
            item["cas"] = cas.map { Bencode.integer($0) }
            return item
        }
        #expect(try code(try item([1], 5)) == nil)
        #expect(try code(try item([1], 5)) == nil, "the same again refreshes")
        #expect(try code(try item([2], 5)) == 302)
        #expect(try code(try item([2], 4)) == 302)
        #expect(try code(try item([2], 6, cas: 4)) == 301)
        #expect(try code(try item([2], 6, cas: 5)) == nil)
        var forged = try item([3], 7)
        forged["v"] = Bencode.bytes([4])
        #expect(try code(forged) == 206)
        var salted = try item([3], 7)
        salted["salt"] = Bencode.bytes([UInt8](repeating: 0, count: 65))
        #expect(try code(salted) == 207)
        #expect(try code(["v": .bytes([UInt8](repeating: 0, count: 1000))]) == 205)
        let without = lab.send(query("put", ["v": .bytes([1])]), from: client, to: entry)
        if case .error(203, _)? = without.first?.body {} else { Issue.record("a token is needed") }
    }

    @Test func hostileDatagramsChangeNothing() {
        let node = lab.add(entry)
        let client = "20.2.0.1:1"
        for text in [
            "d", "de", "d1:t2:aa1:y1:qe", "d1:ad2:id3:abce1:q4:ping1:t2:aa1:y1:qe",
            "d1:t0:1:y1:re", "d1:eli201ee1:t2:aa1:y1:ee",
            "d1:rd2:id20:aaaaaaaaaaaaaaaaaaaae1:t2:aa1:y1:re",
        ] {
            #expect(lab.send(Array(text.utf8), from: client, to: entry).isEmpty)
        }
        #expect(lab.send(query("get_peers", [:]), from: client, to: entry).count >= 1)
        #expect(lab.send(query("nosuch", [:]), from: client, to: entry).count >= 1)
        lab.pass(.seconds(10))
        #expect(node.nodeCount == 0, "who asks but does not answer is no node")
    }

    @Test func aNodeBindsItsIdToTheAddressThatOthersSee() {
        let nodes = network(6)
        for (number, node) in nodes.enumerated().dropFirst() {
            #expect(node.ownAddress.isHolepunchable || node.ownAddress.ip == nil)
            guard case .v4(let ip)? = node.ownAddress.ip else { continue }
            #expect(MainlineID.isValid(node.id, for: ip), "node \(number)")
        }
        #expect(nodes.contains { $0.ownAddress.ip != nil })
    }
}
