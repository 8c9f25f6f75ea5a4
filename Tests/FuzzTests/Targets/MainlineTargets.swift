import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

extension FuzzTarget {
    static let mainlineTargets: [FuzzTarget] = [krpc, mainlineNode]

    private static func recorded() throws -> [[UInt8]] {
        try Fixtures.json("swarm/krpc.json")["log"].array
            .compactMap { [UInt8](hex: $0["hex"].string) }.filter { !$0.isEmpty }
    }

    private static let krpc = FuzzTarget("krpc") {
        try recorded()
    } body: { input in
        let bytes = input.rest()
        let value = try BencodeReader.read(bytes)
        check(value.encoded == bytes, "there is one encoding of each value")
        let message = try bytes.withUnsafeBytes { try KRPCMessage(decoding: $0) }
        _ = try message.encoded.withUnsafeBytes { try KRPCMessage(decoding: $0) }
        if case .response(let values) = message.body {
            check(KRPCMessage.nodes(in: values).count <= 16, "no more nodes than two buckets")
        }
    }

    /// A node with queries under way, and datagrams from anywhere; answers get the number of the
    /// last query where the input says so.
    private static let mainlineNode = FuzzTarget("mainline-node") {
        FuzzHosts.sessions(of: try recorded(), length: 12)
    } body: { input in
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let hosts = FuzzHosts.endpoints
        let node = MainlineNode(
            .init(bootstrap: [hosts[0], hosts[1]], isReadOnly: false),
            random: SeededRandom(seed: 1), now: now)
        node.start(now: now)
        let pair = KeyPair(seed: Blake2b.hash32([2]))
        _ = node.announce(DHTKey(Blake2b.hash32([1])), port: 9)
        _ = node.getMutable(pair.publicKey, salt: [1])
        var last: [UInt8] = [0, 0]
        var sentBytes = 0
        var received = 0
        while !input.isEmpty {
            let choice = input.byte()
            var datagram = input.piece()
            if choice & 0x10 != 0,
                var message = try? datagram.withUnsafeBytes({ try KRPCMessage(decoding: $0) })
            {
                message.transaction = last
                datagram = message.encoded
            }
            if choice & 0x20 != 0 { now = now + .milliseconds(Int64(choice & 0xc0) * 20) }
            node.receive(datagram, from: hosts[Int(choice & 3)], now: now)
            node.advance(to: now)
            received += 1
            for case .send(let bytes, _) in node.takeEffects() {
                check(bytes.count <= 1500, "a datagram passes")
                sentBytes += bytes.count
                if let message = try? bytes.withUnsafeBytes({ try KRPCMessage(decoding: $0) }),
                    case .query = message.body
                {
                    last = message.transaction
                }
            }
            check(node.nodeCount <= 4, "only who answers enters, one node for each address")
        }
        check(sentBytes <= 400_000 + received * 60_000, "nobody makes us send without end")
    }
}
