import HyperCrypto

extension DHTNode {
    static let invalidInput = "ERR_INVALID_INPUT"
    static let isFull = "ERR_FULL"

    /// Section 10.1.
    func servePeers(_ message: DHTMessage, _ requester: Requester) {
        guard let topic = message.target else { return }
        guard let value = message.value, let input = try? DHTPeersInput(decoding: value) else {
            return respond(to: message, requester, error: Self.invalidInput)
        }
        let port = input.port.flatMap { $0 == 0 ? nil : $0 } ?? UInt32(requester.address.port)
        guard let port = UInt16(exactly: port) else {
            return respond(to: message, requester, error: "Invalid port")
        }
        peers.rotate(now: now)
        let peer = DHTAddress(ip: requester.address.ip, port: port)
        let local = input.localAddress.flatMap { $0.isUnicast ? $0 : nil }
        guard message.kind == .update else {
            let limit =
                requester.isProven ? Limits.DHT.peersPerAnswer : Limits.DHT.peersToUnproven
            let output = peers.peers(
                of: topic, for: peer, local: local, limit: limit, random: &random)
            return respond(to: message, requester, value: output.encoded)
        }
        if input.unannounce == true {
            peers.remove(peer, local: local, from: topic)
            return respond(to: message, requester)
        }
        guard isResponsible(for: topic), peers.add(peer, local: local, to: topic) else {
            statistics.refused += 1
            return respond(to: message, requester, error: Self.isFull)
        }
        proven.rotate(now: now)
        proven.insert(peer)
        proven.insert(requester.address)
        respond(to: message, requester)
    }

    /// Section 10.2.
    func serveImmutable(_ message: DHTMessage, _ requester: Requester) {
        guard let target = message.target else { return }
        let slot = DHTValueStore.Slot(key: target, salt: nil)
        guard message.kind == .update else {
            return respond(to: message, requester, value: values[slot])
        }
        guard let value = message.value, value.count <= Limits.DHT.valueBytes,
            DHTKey(Blake2b.hash32(value)) == target
        else { return respond(to: message, requester, error: Self.invalidInput) }
        store(value, at: slot, for: message, requester)
    }

    /// Section 10.3. A record is replaced only by a newer one, whatever the order in which they
    /// come (section 11, trap 2).
    func serveMutable(_ message: DHTMessage, _ requester: Requester) {
        guard let target = message.target else { return }
        guard let payload = message.value else {
            return respond(to: message, requester, error: Self.invalidInput)
        }
        guard message.kind == .update else {
            guard let wanted = try? DHTMutableFields(decoding: payload),
                (wanted.salt?.count ?? 0) <= Limits.DHT.saltBytes
            else { return respond(to: message, requester, error: Self.invalidInput) }
            let stored = values[.init(key: target, salt: wanted.salt ?? [])]
            let record = stored.flatMap { DHTMutable(decoding: $0) }
            let isNewEnough = record.map { $0.seq >= wanted.seq ?? 0 } ?? false
            return respond(to: message, requester, value: isNewEnough ? stored : nil)
        }
        guard let record = DHTMutable(decoding: payload),
            record.isSigned(by: PublicKey(target.raw))
        else { return respond(to: message, requester, error: Self.invalidInput) }
        let slot = DHTValueStore.Slot(key: target, salt: record.salt)
        if let stored = values[slot], let present = DHTMutable(decoding: stored) {
            if present.seq == record.seq, present.value != record.value {
                return respond(
                    to: message, requester, value: stored, error: "ERR_INVALID_SEQ")
            }
            if record.seq <= present.seq {
                return respond(
                    to: message, requester, value: stored, error: "ERR_SEQ_MUST_EXCEED_CURRENT")
            }
        }
        store(record.encoded, at: slot, for: message, requester)
    }

    private func store(
        _ bytes: [UInt8], at slot: DHTValueStore.Slot, for message: DHTMessage,
        _ requester: Requester
    ) {
        guard isResponsible(for: slot.key),
            values.store(bytes, at: slot, from: requester.address.ip)
        else {
            statistics.refused += 1
            return respond(to: message, requester, error: Self.isFull)
        }
        respond(to: message, requester)
    }
}
