import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

extension FuzzTarget {
    static let dhtTargets: [FuzzTarget] = [dhtMessage, dhtNode]

    private static func recorded() throws -> [[UInt8]] {
        let session = try Fixtures.json("swarm/dht-session.json")["log"].array
        let messages = try Fixtures.json("swarm/dht-messages.json")
        let rows = session + messages["messages"].array + messages["decode"].array
        return rows.compactMap { [UInt8](hex: $0["hex"].string) }
    }

    /// One datagram and whatever it carries.
    private static let dhtMessage = FuzzTarget("dht-message") {
        try recorded()
    } body: { input in
        let bytes = input.rest()
        let message = try bytes.withUnsafeBytes { try DHTMessage(decoding: $0) }
        let again = try message.encoded.withUnsafeBytes { try DHTMessage(decoding: $0) }
        check(again == message, "a message keeps its meaning")
        check(message.nodes.count <= 20, "no more nodes than a bucket")
        let value = message.value ?? []
        _ = try? DHTPeersInput(decoding: value)
        _ = try? DHTPeersOutput(decoding: value)
        _ = try? DHTHolepunch(decoding: value)
        if let record = DHTMutable(decoding: value) {
            check(DHTMutable(decoding: record.encoded) == record, "a record keeps its meaning")
        }
    }

    /// A node that has queries of every kind under way, and datagrams from anywhere. The first byte
    /// of a piece says where from, what of our own to put into it, and how long to wait before.
    private static let dhtNode = FuzzTarget("dht-node") {
        FuzzHosts.sessions(of: try recorded(), length: 20)
    } body: { input in
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let hosts = FuzzHosts.endpoints
        let node = DHTNode(
            .init(bootstrap: [hosts[0], hosts[1]], mode: .persistent),
            random: SeededRandom(seed: 1), now: now)
        node.start(now: now)
        begin(node)
        var sent: [DHTMessage] = []
        var sentBytes = 0
        var received = 0
        while !input.isEmpty {
            let choice = input.byte()
            var datagram = input.piece()
            if choice & 0x10 != 0, let asked = sent.last(where: { $0.kind != .response }),
                var message = try? datagram.withUnsafeBytes({ try DHTMessage(decoding: $0) })
            {
                // A right answer to what was asked last, or an update with a right token.
                message.rid = asked.rid
                message.roundtripToken = sent.last { $0.roundtripToken != nil }?.roundtripToken
                datagram = message.encoded
            }
            if choice & 0x20 != 0 { now = now + .milliseconds(Int64(choice & 0xc0) * 20) }
            node.receive(datagram, from: hosts[Int(choice & 3)], now: now)
            node.advance(to: now)
            received += 1
            for case .send(let bytes, _) in node.takeEffects() {
                check(bytes.count <= 2048, "a datagram passes")
                sentBytes += bytes.count
                if let message = try? bytes.withUnsafeBytes({ try DHTMessage(decoding: $0) }) {
                    sent = sent.suffix(15) + [message]
                }
            }
            check(node.nodeCount <= 4, "only who answers enters, one node for each address")
            check(node.requests.count <= 512, "requests are bounded")
        }
        let deadline = node.nextDeadline ?? now
        check(deadline >= now || received == 0, "what was due is done")
        check(sentBytes <= 400_000 + received * 60_000, "nobody makes us send without end")
    }

    private static func begin(_ node: DHTNode) {
        let topic = DHTKey(Blake2b.hash32([1]))
        let pair = KeyPair(seed: Blake2b.hash32([2]))
        _ = node.lookup(topic)
        _ = node.announce(topic, localAddress: Endpoint("192.168.1.7:9"))
        _ = node.getMutable(pair.publicKey, salt: [1])
        _ = node.putImmutable([1, 2, 3])
        if let record = DHTMutable(value: [1], seq: 2, signedBy: pair) {
            _ = node.putMutable(record, key: pair.publicKey)
        }
        if let peer = Endpoint("20.9.0.1:5"), let helper = Endpoint("20.1.0.1:1000") {
            _ = node.holepunch(peer, through: helper)
        }
    }
}
