import NIOCore

extension DHTNode {
    /// Sends a request now, or later while too many are under way.
    ///
    /// - Returns: `false` when there is no room for it at all.
    @discardableResult
    func request(_ draft: Requests.Draft) -> Bool {
        if requests.queuedCount > 0 || requests.isSaturated(now: now) {
            if case .verify = draft.purpose { return false }
            return requests.enqueue(draft)
        }
        return begin(draft)
    }

    @discardableResult
    func begin(_ draft: Requests.Draft) -> Bool {
        var draft = draft
        draft.message.to = draft.address
        draft.message.id = isPersistent ? id : nil
        guard let request = requests.begin(draft, random: &random, now: now) else { return false }
        statistics.requests += 1
        send(request.datagram, to: request.address)
        if case .holepunch = request.purpose { punch(for: request) }
        return true
    }

    /// Sends what waited for its turn.
    func drainQueue() {
        while requests.queuedCount > 0, !requests.isSaturated(now: now),
            requests.count < Limits.DHT.outstanding
        {
            guard let draft = requests.dequeue() else { return }
            if isWanted(draft) { begin(draft) }
        }
    }

    private func isWanted(_ draft: Requests.Draft) -> Bool {
        draft.purpose.query.map { queries[$0] != nil } ?? true
    }

    /// Asks whoever told us of a silent node to make it open its NAT to us (section 5.3).
    func punch(for request: DHTRequest) {
        guard let referrer = request.referrer, referrer != request.address else { return }
        var rid = request.rid
        if case .holepunch = request.purpose {} else { rid = requests.freshRID(random: &random) }
        var message = DHTMessage(.query, rid: rid)
        message.to = referrer
        message.id = isPersistent ? id : nil
        message.command = DHTNode.holepunchCommand
        message.value = DHTHolepunch(to: request.address).encoded
        send(message.encoded, to: referrer)
    }

    /// A request was not answered in time.
    func perform(_ step: DHTRequest.Step, of request: DHTRequest) {
        switch step {
        case .punch: punch(for: request)
        case .late:
            guard let query = query(of: request) else { return }
            query.late(request)
            proceed(query)
        case .resend:
            guard isStillOfUse(request) else {
                requests.remove(request.rid)
                return
            }
            send(request.datagram, to: request.address)
            punch(for: request)
        case .fail: failed(request)
        }
    }

    /// Whether the answer would still tell somebody something: a query that has ended needs none,
    /// but a silent node of the table must be found out.
    private func isStillOfUse(_ request: DHTRequest) -> Bool {
        if request.purpose.query == nil || query(of: request) != nil { return true }
        guard let id = request.id else { return false }
        return table[id]?.address == request.address
    }

    /// The query that waits for an answer to this, while it runs.
    private func query(of request: DHTRequest) -> Query? {
        request.purpose.query.flatMap { queries[$0] }
    }

    private func failed(_ request: DHTRequest) {
        if let id = request.id, let entry = table[id], entry.address == request.address {
            table.remove(id)
        }
        switch request.purpose {
        case .query, .update:
            guard let query = query(of: request) else { return }
            query.failed(request)
            proceed(query)
        case .check(let newcomer):
            if let newcomer { _ = table.add(newcomer) }
        case .ping(let ticket): emit(.unanswered(ticket))
        case .holepunch(let ticket):
            punchCount -= 1
            emit(.unanswered(ticket))
        case .verify: break
        }
    }

    /// An answer. Only to what we have asked, only from where we have asked it (section 11,
    /// trap 1).
    func receive(response message: DHTMessage, from: DHTAddress) {
        guard let request = requests.end(message.rid, from: from) else { return }
        statistics.answered += 1
        if let to = message.to { heard(ownAddress: to, from: from) }
        if let id = message.nodeID {
            // A ping with an expected id may not be answered by another node.
            if request.id == nil || request.id == id, from == request.address {
                heard(id, at: from)
            }
        }
        if let id = request.id, message.nodeID != id, table[id]?.address == from {
            table.remove(id)
        }
        switch request.purpose {
        case .query:
            guard let query = query(of: request) else { return }
            answered(query, request, message)
        case .update:
            guard let query = query(of: request) else { return }
            acknowledged(query, request, message)
        case .ping(let ticket):
            let seen = message.to ?? message.value.flatMap { DHTAddress(exactly: $0) }
            emit(.pong(ticket, from: from.endpoint, ownAddress: seen?.endpoint))
        case .holepunch(let ticket):
            punchCount -= 1
            emit(
                .punched(ticket, peer: request.address.endpoint, source: from.endpoint))
        case .verify, .check: break
        }
    }

    /// A node has answered: it has a place in the table, if there is one.
    private func heard(_ id: DHTKey, at address: DHTAddress) {
        let entry = DHTRoutingTable.Entry(id: id, address: address, heard: now)
        let isTrusted = entryPoints.contains(address)
        guard case .full(let oldest) = table.add(entry, isTrusted: isTrusted) else { return }
        guard isReady, now - lastEviction >= Limits.DHT.evictionPause else { return }
        lastEviction = now
        for old in oldest {
            if now - old.heard < Limits.DHT.recently {
                _ = table.add(old, isTrusted: true)
            } else {
                ping(old, purpose: .check(newcomer: entry))
            }
        }
    }

    /// Asks a node whether it is there, and still the one we think.
    func ping(_ entry: DHTRoutingTable.Entry, purpose: DHTRequest.Purpose) {
        var message = DHTMessage(.query, rid: 0)
        message.command = DHTNode.pingCommand
        message.value = entry.id.raw.bytes
        request(
            Requests.Draft(
                message: message, address: entry.address, id: entry.id, referrer: nil,
                purpose: purpose))
    }

    private func heard(ownAddress address: DHTAddress, from teller: DHTAddress) {
        votes.add(address, from: teller)
        let verdict = votes.verdict
        guard verdict != ownAddress else { return }
        ownAddress = verdict
        emit(.address(verdict))
    }
}
