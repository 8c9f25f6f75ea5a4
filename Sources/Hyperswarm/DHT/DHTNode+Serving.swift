import HyperCrypto
import NIOCore

extension DHTNode {
    static let pingCommand = "_ping"
    static let findNodeCommand = DHTOperation.findNode
    static let holepunchCommand = "_holepunch"

    /// Who asks, and what it has earned.
    struct Requester {
        let address: DHTAddress
        /// Whether it is known to receive what is sent to its address.
        let isProven: Bool
    }

    /// A request of somebody else.
    func serve(_ message: DHTMessage, from: DHTAddress) {
        tokens.rotate(random: &random, now: now)
        let hasToken = message.roundtripToken.map { tokens.isValid($0, for: from.ip) } ?? false
        let isKnown = message.nodeID.flatMap { table[$0] }?.address == from
        let requester = Requester(address: from, isProven: hasToken || isKnown)
        guard isAllowed(requester) else {
            statistics.refused += 1
            return
        }
        if let id = message.nodeID, !isKnown { verify(id, at: from) }
        // Silence for all else: an error would be an answer to a forged address.
        guard message.kind == .query || hasToken else { return }
        statistics.served += 1
        switch message.command {
        case Self.pingCommand?: servePing(message, requester)
        case Self.holepunchCommand?: serveHolepunch(message, requester)
        case Self.findNodeCommand?: serveFindNode(message, requester)
        case DHTOperation.peers?: servePeers(message, requester)
        case DHTOperation.immutable?: serveImmutable(message, requester)
        case DHTOperation.mutable?: serveMutable(message, requester)
        default:
            guard message.command != nil, message.target != nil else { return }
            respond(to: message, requester, error: "Unsupported command")
        }
    }

    /// So many answers to one address, and so many to all of which we know nothing: others must not
    /// use us to flood somebody whose address they forge.
    private func isAllowed(_ requester: Requester) -> Bool {
        let verdict = answerLimiter.take(requester.address.source, now: now)
        if verdict == .refused { return false }
        if requester.isProven { return true }
        return strangers.take(1, now: now)
    }

    /// A newcomer is asked before it gets a place in the table (section 12).
    private func verify(_ id: DHTKey, at address: DHTAddress) {
        guard id != self.id, table[id] == nil, table.hasRoom(for: id) || mayEvict,
            requests.verifying.count < Limits.DHT.verifications,
            !requests.verifying.contains(address)
        else { return }
        let entry = DHTRoutingTable.Entry(id: id, address: address, heard: now)
        ping(entry, purpose: .verify)
    }

    private var mayEvict: Bool { isReady && now - lastEviction >= Limits.DHT.evictionPause }

    // -- the answers

    private func servePing(_ message: DHTMessage, _ requester: Requester) {
        guard message.kind == .query else { return }
        if let expected = message.value, expected.count > 0, expected != id.raw.bytes { return }
        respond(to: message, requester, value: requester.address.bytes, withNodes: false)
    }

    private func serveFindNode(_ message: DHTMessage, _ requester: Requester) {
        guard message.target != nil else { return }
        guard message.kind == .query else {
            return respond(to: message, requester, error: Self.notUpdatable)
        }
        respond(to: message, requester)
    }

    static let notUpdatable = "Update not supported"

    /// Sends an answer. An error brings no token; nobody gets more than one datagram that passes
    /// every tunnel, and strangers get little.
    func respond(
        to message: DHTMessage, _ requester: Requester, value: [UInt8]? = nil,
        withNodes: Bool = true, error: String? = nil
    ) {
        var answer = DHTMessage(.response, rid: message.rid)
        answer.to = requester.address
        answer.id = isPersistent ? id : nil
        answer.value = value
        answer.error = error
        if error == nil { answer.roundtripToken = tokens.token(for: requester.address.ip) }
        if withNodes, let target = message.target {
            // What the fields besides nodes and value take.
            let others = 120 + (error?.utf8.count ?? 0)
            let room = Limits.DHT.answerBytes - others - (value?.count ?? 0)
            let limit = requester.isProven ? Limits.DHT.bucketSize : Limits.DHT.nodesToUnproven
            let count = max(0, min(limit, room / DHTMessage.nodeSize))
            var nodes: [UInt8] = []
            nodes.reserveCapacity(count * DHTMessage.nodeSize)
            for entry in table.closest(to: target, count: count) {
                entry.id.append(to: &nodes)
                entry.address.append(to: &nodes)
            }
            answer.closerNodes = nodes
        }
        send(answer.encoded, to: requester.address)
    }

    /// Whether we are among those near a key that should keep something for it.
    func isResponsible(for target: DHTKey) -> Bool {
        let rank = Limits.DHT.storeRank
        guard table.count >= rank else { return true }
        let nearest = table.closest(to: target, count: rank)
        guard nearest.count == rank, let last = nearest.last else { return true }
        return id.distance(to: target) < last.id.distance(to: target)
    }
}
