import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// The recorded network of five reference nodes (docs/spec/dht.md): five of ours, asked to do the
/// same, send the same datagrams, up to numbers, tokens and order.
@Suite(.timeLimit(.minutes(1)))
struct DHTSessionTests {
    private struct Line: Hashable, Comparable, CustomStringConvertible {
        let description: String
        init(_ from: String, _ to: String, _ message: DHTMessage) {
            description = "\(from) > \(to) \(message.encoded.hex)"
        }
        static func < (a: Line, b: Line) -> Bool { a.description < b.description }
    }

    private final class Session {
        let json: JSON
        let lab = DHTLab()
        let names: [String: Endpoint]
        var steps: [(name: String, log: [JSON])] = []

        init() throws {
            json = try Fixtures.json("swarm/dht-session.json")
            var names: [String: Endpoint] = [:]
            for (port, name) in json["names"].object {
                names[name.string] = DHTFixtures.endpoint("127.0.0.1:\(port)")
            }
            self.names = names
            for entry in json["log"].array {
                if let name = entry["step"].stringOrNil {
                    steps.append((name, []))
                } else {
                    steps[steps.count - 1].log.append(entry)
                }
            }
        }

        func endpoint(_ name: String) throws -> Endpoint { try #require(names[name]) }
        func node(_ name: String) throws -> DHTNode {
            try #require(lab.nodes[try endpoint(name)])
        }
        func name(_ endpoint: Endpoint) -> String {
            names.first { $0.value == endpoint }?.key ?? endpoint.description
        }
        func id(_ name: String) throws -> DHTKey {
            try DHTFixtures.key(json["ids"][name].string)
        }
        var topic: DHTKey { get throws { try DHTFixtures.key(json["topic"].string) } }

        /// The value of the first update of a step.
        func payload(_ step: Int) throws -> [UInt8] {
            let update = try #require(steps[step].log.first { $0["type"].int == 2 })
            let bytes = try #require(DHTFixtures.bytes(update["hex"]))
            return try #require(try DHTFixtures.decode(bytes).value)
        }
    }

    @Test func everyDatagramIsReadAndWrittenToTheByte() throws {
        let log = try Fixtures.json("swarm/dht-session.json")["log"].array
        var count = 0
        for entry in log {
            guard let bytes = DHTFixtures.bytes(entry["hex"]) else { continue }
            let message = try DHTFixtures.decode(bytes)
            #expect(message.encoded == bytes)
            #expect(Int(message.kind.rawValue) == entry["type"].int)
            count += 1
        }
        #expect(count > 140)
    }

    @Test func ourNodesDoWhatTheReferenceNodesDid() throws {
        let session = try Session()
        for (index, step) in session.steps.enumerated() {
            session.lab.forget()
            try perform(step.name, index, session)
            let ours = try lines(session, step.name)
            var theirs = try lines(of: step.log)
            if step.name == "mutable get after the stale put" {
                // They give the older record, we the newer one.
                #expect(ours.count == theirs.count)
                let newer = session.steps.first { $0.name == "mutable get" }?.log ?? []
                theirs = try lines(of: newer)
            }
            #expect(ours.sorted() == theirs.sorted(), "\(step.name)")
        }
    }

    /// What their nodes said; of two answers to one request, as a stale put gets (section 11, trap
    /// 2), only the first.
    private func lines(of log: [JSON]) throws -> [Line] {
        var answered: Set<String> = []
        var lines: [Line] = []
        for entry in log {
            let message = try DHTFixtures.decode(try #require(DHTFixtures.bytes(entry["hex"])))
            let ends = (entry["from"].string, entry["to"].string)
            let isAnswer = message.kind == .response
            if isAnswer, !answered.insert("\(ends) \(message.rid)").inserted { continue }
            lines.append(Line(ends.0, ends.1, normal(message)))
        }
        return lines
    }

    private func perform(_ step: String, _ index: Int, _ session: Session) throws {
        let lab = session.lab
        let topic = try session.topic
        func start(_ name: String, _ mode: DHTNode.Mode, first: Bool = false) throws {
            lab.addNode(
                try session.endpoint(name),
                .init(
                    bootstrap: first ? [] : [try session.endpoint("boot")], mode: mode,
                    id: try session.id(name)))
        }
        let client = session.names["client"].flatMap { lab.nodes[$0] }
        let local = DHTAddress(exactly: [192, 168, 7, 9, 0x0f, 0xa0])
        switch step {
        case "start node0":
            try start("boot", .ephemeral, first: true)
            try start("node0", .persistent)
        case "start node1": try start("node1", .persistent)
        case "start node2": try start("node2", .persistent)
        case "start ephemeral client": try start("client", .ephemeral)
        case "lookup, nothing announced", "lookup": _ = client?.lookup(topic)
        case "announce port 12345": _ = try session.node("node0").announce(topic, port: 12345)
        case "announce implied port with local address":
            _ = try session.node("node1").begin(
                .announce(DHTPeersInput(localAddress: local)), target: topic)
        case "lookup with local address":
            let near = DHTAddress(exactly: [192, 168, 1, 2, 0, 5])
            _ = client?.begin(
                .lookup(DHTPeersInput(port: 1, localAddress: near)), target: topic)
        case "unannounce port 12345": _ = try session.node("node0").unannounce(topic, port: 12345)
        case "immutable put": _ = client?.putImmutable(try session.payload(index))
        case "immutable get":
            _ = client?.getImmutable(DHTKey(Blake2b.hash32(try session.payload(index - 1))))
        case "mutable put seq 5", "mutable put seq 4 (stale)", "mutable put with salt":
            let record = try #require(DHTMutable(decoding: try session.payload(index)))
            #expect(client?.putMutable(record, key: try key()) != nil)
        case "mutable get", "mutable get after the stale put":
            _ = try session.node("node2").getMutable(try key())
        default: try performOther(step, index, session)
        }
        lab.settle()
    }

    private func performOther(_ step: String, _ index: Int, _ session: Session) throws {
        let lab = session.lab
        let client = try session.node("client")
        let node1 = try session.endpoint("node1")
        let dead = try #require(DHTAddress(try session.endpoint("dead")))
        switch step {
        case "ping":
            let address = try #require(DHTAddress(try session.endpoint("node0")))
            client.ping(
                .init(id: try session.id("node0"), address: address, heard: lab.now),
                purpose: .check(newcomer: nil))
        case "unknown command":
            for entry in session.steps[index].log where entry["from"].string == "raw" {
                lab.send(
                    try #require(DHTFixtures.bytes(entry["hex"])),
                    from: try session.endpoint("raw"), to: try session.endpoint(entry["to"].string))
            }
        case "holepunch through node1 to node2":
            _ = client.holepunch(try session.endpoint("node2"), through: node1)
        case "query to a dead port with a referrer":
            // Ours would not relay to a stranger.
            try session.node("node1").proven.insert(dead)
            var message = DHTMessage(.query, rid: 0)
            message.command = DHTNode.pingCommand
            client.request(
                DHTNode.Requests.Draft(
                    message: message, address: dead, referrer: DHTAddress(node1),
                    purpose: .ping(client.ticket())))
            lab.pass(.seconds(5))
        default: Issue.record("a step that no test knows: \(step)")
        }
    }

    private func key() throws -> PublicKey {
        let hex = try Fixtures.json("swarm/dht-messages.json")["mutable"]["publicKey"].string
        return try #require(PublicKey(hex: hex))
    }

    /// What our nodes said, less the pings by which they verify newcomers.
    private func lines(_ session: Session, _ step: String) throws -> [Line] {
        var verifications: Set<UInt16> = []
        var lines: [Line] = []
        for datagram in session.lab.log {
            let message = try DHTFixtures.decode(datagram.bytes)
            if step != "ping", message.command == DHTNode.pingCommand, message.value != nil {
                verifications.insert(message.rid)
                continue
            }
            if message.kind == .response, verifications.contains(message.rid) { continue }
            lines.append(
                Line(session.name(datagram.from), session.name(datagram.to), normal(message)))
        }
        return lines
    }

    /// Without what chance decides; and without the addressee among the nodes it is told of, whom
    /// we do not know before it has answered us.
    private func normal(_ message: DHTMessage) -> DHTMessage {
        var message = message
        message.rid = 0
        if message.roundtripToken != nil {
            message.roundtripToken = [UInt8](repeating: 0, count: 32)
        }
        if message.closerNodes != nil {
            let nodes = message.nodes.filter { $0.address != message.to }.sorted { $0.id < $1.id }
            message.closerNodes = nodes.flatMap { $0.id.raw.bytes + $0.address.bytes }
        }
        if let value = message.value, let output = try? DHTPeersOutput(decoding: value),
            output.peers.count > 1, message.kind == .response
        {
            let sorted = output.peers.sorted { ($0.ip, $0.port) < ($1.ip, $1.port) }
            message.value =
                DHTPeersOutput(peers: sorted, localPeers: output.localPeers).encoded
        }
        return message
    }
}
