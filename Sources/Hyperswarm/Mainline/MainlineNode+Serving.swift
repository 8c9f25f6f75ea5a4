import HyperCrypto
import NIOCore

extension MainlineNode {
    /// Somebody's query, and what its sender has earned.
    struct Asked {
        let arguments: Bencode
        let transaction: [UInt8]
        let from: DHTAddress
        /// Whether the sender is known to receive what is sent to its address.
        let isProven: Bool
        let hasToken: Bool
    }

    func serve(
        _ method: String, _ arguments: Bencode, _ message: KRPCMessage, from: DHTAddress
    ) {
        guard !isReadOnly, let sender = arguments["id"]?.bytes.flatMap({ MainlineID.key($0) })
        else { return }
        tokens.rotate(random: &random, now: now)
        let hasToken = arguments["token"]?.bytes.map { tokens.isValid($0, for: from.ip) } ?? false
        let isKnown = table[sender]?.address == from
        guard isAllowed(from, isProven: hasToken || isKnown) else {
            statistics.refused += 1
            return
        }
        if !isKnown, !message.isReadOnly { verify(sender, at: from) }
        statistics.served += 1
        let asked = Asked(
            arguments: arguments, transaction: message.transaction, from: from,
            isProven: hasToken || isKnown, hasToken: hasToken)
        switch method {
        case "ping": answer(asked, [:])
        case "find_node": serveFindNode(asked)
        case "get_peers": serveGetPeers(asked)
        case "announce_peer": serveAnnouncePeer(asked)
        case "get": serveGet(asked)
        case "put": servePut(asked)
        default: refuse(asked, 204, "Method Unknown")
        }
    }

    private func isAllowed(_ address: DHTAddress, isProven: Bool) -> Bool {
        if answerLimiter.take(address.source, now: now) == .refused { return false }
        if isProven { return true }
        return strangers.take(1, now: now)
    }

    /// Only who answers gets a place in the table.
    private func verify(_ id: DHTKey, at address: DHTAddress) {
        guard id != self.id, table[id] == nil, table.hasRoom(for: id),
            requests.verifying.count < Limits.DHT.verifications,
            !requests.verifying.contains(address)
        else { return }
        ping(.init(id: id, address: address, heard: now), purpose: .verify)
    }

    func answer(_ asked: Asked, _ values: [String: Bencode?]) {
        var values = values
        values["id"] = Bencode.bytes(MainlineID.bytes(id))
        var message = KRPCMessage(.response(.members(values)), transaction: asked.transaction)
        message.ip = asked.from
        send(message.encoded, to: asked.from)
    }

    func refuse(_ asked: Asked, _ code: Int64, _ text: String) {
        let message = KRPCMessage(.error(code: code, text: text), transaction: asked.transaction)
        send(message.encoded, to: asked.from)
    }

    /// The nearest nodes we know.
    private func nodes(near target: DHTKey, count: Int = Limits.Mainline.bucketSize) -> Bencode {
        .bytes(
            table.closest(to: target, count: count).flatMap {
                MainlineID.bytes($0.id) + $0.address.bytes
            })
    }

    private func serveFindNode(_ asked: Asked) {
        guard let target = key(asked, "target") else { return }
        answer(asked, ["nodes": nodes(near: target)])
    }

    private func serveGetPeers(_ asked: Asked) {
        guard let target = key(asked, "info_hash") else { return }
        peers.rotate(now: now)
        let limit =
            asked.isProven ? Limits.Mainline.peersPerAnswer : Limits.Mainline.peersToUnproven
        let found = peers.peers(
            of: target, for: asked.from, local: nil, limit: limit, random: &random)
        let list = found.peers.map { Bencode.bytes($0.bytes) }
        // Both must fit into one datagram: 8 bytes for each peer, 26 for each node.
        let room = Limits.Mainline.answerBytes - 150 - 8 * list.count
        let count = min(Limits.Mainline.bucketSize, max(0, room / KRPCMessage.nodeSize))
        answer(
            asked,
            [
                "nodes": nodes(near: target, count: count),
                "token": .bytes(tokens.token(for: asked.from.ip)),
                "values": list.isEmpty ? nil : .list(list),
            ])
    }

    private func serveAnnouncePeer(_ asked: Asked) {
        guard let target = key(asked, "info_hash") else { return }
        guard asked.hasToken else { return refuse(asked, 203, "invalid token") }
        let isImplied = (asked.arguments["implied_port"]?.integer ?? 0) != 0
        let given = asked.arguments["port"]?.integer.flatMap { UInt16(exactly: $0) } ?? 0
        let port = isImplied ? asked.from.port : given
        guard port != 0 else { return refuse(asked, 203, "invalid port") }
        peers.rotate(now: now)
        guard peers.add(DHTAddress(ip: asked.from.ip, port: port), local: nil, to: target) else {
            return refuse(asked, 202, "no room")
        }
        answer(asked, [:])
    }

    // -- items (section 5)

    private func serveGet(_ asked: Asked) {
        guard let target = key(asked, "target") else { return }
        var values: [String: Bencode?] = [
            "token": .bytes(tokens.token(for: asked.from.ip)), "nodes": nodes(near: target),
        ]
        let stored = self.values[.init(key: target, salt: nil)]
        if let item = stored.flatMap({ try? BencodeReader.read($0) }) {
            let seq = item["seq"]?.integer
            values["seq"] = item["seq"]
            let wanted = asked.arguments["seq"]?.integer
            if seq == nil || wanted == nil || (seq ?? 0) > (wanted ?? 0) {
                for name in ["k", "sig", "v"] { values[name] = item[name] }
                // A value may fill the datagram.
                values["nodes"] = nodes(near: target, count: asked.isProven ? 4 : 0)
            }
        }
        answer(asked, values)
    }

    private func servePut(_ asked: Asked) {
        guard asked.hasToken else { return refuse(asked, 203, "invalid token") }
        guard let value = asked.arguments["v"] else { return refuse(asked, 203, "no value") }
        let encoded = value.encoded
        guard encoded.count <= Limits.Mainline.valueBytes else {
            return refuse(asked, 205, "message too big")
        }
        guard let key = asked.arguments["k"]?.bytes else {
            let item = Bencode.members(["v": value])
            return store(item, name: SHA1.hash(encoded), asked)
        }
        putMutable(value, encoded, key, asked)
    }

    private func putMutable(
        _ value: Bencode, _ encoded: [UInt8], _ key: [UInt8], _ asked: Asked
    ) {
        let salt = asked.arguments["salt"]?.bytes ?? []
        guard salt.count <= Limits.Mainline.saltBytes else {
            return refuse(asked, 207, "salt too big")
        }
        guard let publicKey = PublicKey(key), let seq = asked.arguments["seq"]?.integer, seq >= 0,
            let signature = asked.arguments["sig"]?.bytes,
            publicKey.verifies(signature, for: Self.signable(encoded, seq: seq, salt: salt))
        else { return refuse(asked, 206, "invalid signature") }
        let name = Self.target(publicKey, salt: salt)
        if let target = MainlineID.key(name),
            let stored = values[.init(key: target, salt: nil)],
            let present = try? BencodeReader.read(stored), let old = present["seq"]?.integer
        {
            if let cas = asked.arguments["cas"]?.integer, cas != old {
                return refuse(asked, 301, "CAS mismatch")
            }
            guard seq > old || (seq == old && present["v"] == value) else {
                return refuse(asked, 302, "old sequence number")
            }
        }
        let item = Bencode.members([
            "k": .bytes(key), "sig": .bytes(signature), "seq": .integer(seq), "v": value,
        ])
        store(item, name: name, asked)
    }

    /// As `DHTMutable.signable`, for a value of any kind.
    static func signable(_ encoded: [UInt8], seq: Int64, salt: [UInt8]) -> [UInt8] {
        let head: [UInt8] = salt.isEmpty ? [] : Array("4:salt\(salt.count):".utf8) + salt
        return head + Array("3:seqi\(seq)e1:v".utf8) + encoded
    }

    private func store(_ item: Bencode, name: [UInt8], _ asked: Asked) {
        guard let target = MainlineID.key(name),
            values.store(item.encoded, at: .init(key: target, salt: nil), from: asked.from.ip)
        else { return refuse(asked, 202, "no room") }
        answer(asked, [:])
    }

    private func key(_ asked: Asked, _ name: String) -> DHTKey? {
        if let key = asked.arguments[name]?.bytes.flatMap({ MainlineID.key($0) }) { return key }
        refuse(asked, 203, "invalid \(name)")
        return nil
    }
}
