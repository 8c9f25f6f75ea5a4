extension DHTNode {
    /// Makes a peer open its NAT to us, with the help of a node that it keeps a mapping with: the
    /// one that told us of it (section 5.3). `.punched` or `.unanswered` follows. To be run beside
    /// the first uTP packets, not before them (docs/spec/swarm.md section 3.2).
    ///
    /// - Returns: `nil` for addresses of IPv6, and when too many run.
    public func holepunch(_ peer: Endpoint, through helper: Endpoint) -> DHTTicket? {
        guard let address = DHTAddress(peer), let referrer = DHTAddress(helper),
            address.isUnicast, referrer.isUnicast, punchCount < Limits.DHT.punches
        else { return nil }
        let ticket = ticket()
        var message = DHTMessage(.query, rid: 0)
        message.command = Self.holepunchCommand
        let isSent = request(
            Requests.Draft(
                message: message, address: address, id: nil, referrer: referrer,
                purpose: .holepunch(ticket)))
        guard isSent else { return nil }
        punchCount += 1
        return ticket
    }

    /// Asks whether somebody is there, and how it sees us: `.pong` or `.unanswered` follows.
    public func ping(_ node: Endpoint) -> DHTTicket? {
        guard let address = DHTAddress(node), address.isUnicast else { return nil }
        let ticket = ticket()
        var message = DHTMessage(.query, rid: 0)
        message.command = Self.pingCommand
        let isSent = request(
            Requests.Draft(
                message: message, address: address, id: nil, referrer: nil,
                purpose: .ping(ticket)))
        return isSent ? ticket : nil
    }

    /// As the helper: tell the peer who wants to reach it. As that peer: answer there, which opens
    /// our NAT.
    func serveHolepunch(_ message: DHTMessage, _ requester: Requester) {
        guard message.kind == .query, let value = message.value,
            let holepunch = try? DHTHolepunch(decoding: value)
        else { return }
        if let to = holepunch.to, to != requester.address {
            return relay(message, from: requester.address, to: to)
        }
        guard let from = holepunch.from, from != requester.address else {
            return respond(to: message, requester, withNodes: false)
        }
        guard isPunchable(from, toldBy: requester.address) else { return }
        respond(
            to: message, Requester(address: from, isProven: false), withNodes: false)
        emit(.punchRequested(by: from.endpoint))
    }

    /// Sends on what we understand of it, and only to those who want to hear from us: else anybody
    /// could make us knock on any door.
    private func relay(_ message: DHTMessage, from: DHTAddress, to: DHTAddress) {
        guard table.contains(to) || proven.contains(to) else { return }
        guard relayLimiter.take(from.source, now: now) == .allowed,
            isPunchable(to, toldBy: from)
        else { return }
        var relayed = DHTMessage(.query, rid: message.rid)
        relayed.to = to
        relayed.id = isPersistent ? id : nil
        relayed.command = Self.holepunchCommand
        // The reference family writes it: two bytes, and no difference to be told by.
        relayed.error = ""
        relayed.value = DHTHolepunch(from: from).encoded
        send(relayed.encoded, to: to)
    }

    /// Whether a datagram may go to an address that somebody else gave us. Local addresses mean
    /// nothing to strangers; and nobody is to be flooded.
    private func isPunchable(_ address: DHTAddress, toldBy teller: DHTAddress) -> Bool {
        guard address.isCredible(toldBy: teller) else { return false }
        let destination = UInt64(address.ip) << 16 | UInt64(address.port)
        return punchLimiter.take(destination, now: now) == .allowed
    }
}
