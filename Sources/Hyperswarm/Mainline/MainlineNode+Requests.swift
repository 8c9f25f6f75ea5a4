import NIOCore

extension MainlineNode {
    /// A query of ours.
    func message(_ method: String, _ arguments: [String: Bencode?]) -> KRPCMessage {
        var arguments = arguments
        arguments["id"] = Bencode.bytes(MainlineID.bytes(id))
        var message = KRPCMessage(.query(method: method, arguments: .members(arguments)))
        message.isReadOnly = isReadOnly
        return message
    }

    @discardableResult
    func request(_ draft: Requests.Draft) -> Bool {
        if requests.queuedCount > 0 || requests.isSaturated(now: now) {
            if case .verify = draft.purpose { return false }
            return requests.enqueue(draft)
        }
        return begin(draft)
    }

    @discardableResult
    private func begin(_ draft: Requests.Draft) -> Bool {
        guard let request = requests.begin(draft, random: &random, now: now) else { return false }
        statistics.requests += 1
        send(request.datagram, to: request.address)
        return true
    }

    /// Sends what waited for its turn.
    func settle() {
        while requests.queuedCount > 0, !requests.isSaturated(now: now),
            requests.count < Limits.DHT.outstanding
        {
            guard let draft = requests.dequeue() else { break }
            begin(draft)
        }
        guard queries.count > 1 else { return }
        for query in sortedQueries { proceed(query) }
    }

    func ping(_ entry: DHTRoutingTable.Entry, purpose: DHTRequest.Purpose) {
        request(
            Requests.Draft(
                message: message("ping", [:]), address: entry.address, id: entry.id,
                purpose: purpose))
    }

    /// A query was not answered in time.
    func perform(_ step: DHTRequest.Step, of request: DHTRequest) {
        switch step {
        case .punch, .resend: break
        case .late:
            guard let query = query(of: request) else { return }
            query.late(request)
            proceed(query)
        case .fail:
            failed(request)
        }
    }

    /// The query that waits for an answer to this, while it runs.
    private func query(of request: DHTRequest) -> Query? {
        request.purpose.query.flatMap { queries[$0] }
    }

    private func failed(_ request: DHTRequest) {
        if let id = request.id, table[id]?.address == request.address { table.remove(id) }
        switch request.purpose {
        case .query, .update:
            guard let query = query(of: request) else { return }
            query.failed(request)
            proceed(query)
        case .check(let newcomer):
            if let newcomer { _ = table.add(newcomer) }
        case .ping, .holepunch, .verify: break
        }
    }

    /// An answer, or an error (`nil`): only to what we asked, only from where we asked it.
    func receive(_ values: Bencode?, _ message: KRPCMessage, from: DHTAddress) {
        guard let rid = message.answeredRID, let request = requests.end(rid, from: from) else {
            return
        }
        statistics.answered += 1
        let present = values?["id"]?.bytes.flatMap { MainlineID.key($0) }
        if let ip = message.ip { heard(ownAddress: ip, from: from) }
        if let present, request.id == nil || request.id == present { heard(present, at: from) }
        switch request.purpose {
        case .query:
            guard let query = query(of: request) else { return }
            answered(query, request, as: present, values)
        case .update:
            guard let query = query(of: request) else { return }
            query.updating.remove(request.address)
            if values != nil { query.summary.acknowledged += 1 }
            proceed(query)
        case .ping, .holepunch, .verify, .check: break
        }
    }

    private func heard(_ id: DHTKey, at address: DHTAddress) {
        let entry = DHTRoutingTable.Entry(id: id, address: address, heard: now)
        guard case .full(let oldest) = table.add(entry), isReady else { return }
        // Good nodes stay; of those long silent, the oldest is asked.
        guard let old = oldest.first, now - old.heard >= Limits.Mainline.refreshPeriod,
            !requests.contains(old.address)
        else { return }
        ping(old, purpose: .check(newcomer: entry))
    }

    private func heard(ownAddress address: DHTAddress, from teller: DHTAddress) {
        votes.add(address, from: teller)
        let verdict = votes.verdict
        guard verdict != ownAddress else { return }
        ownAddress = verdict
        emit(.address(verdict))
        guard case .v4(let ip)? = verdict.ip, !MainlineID.isValid(id, for: ip) else { return }
        // Nodes that check would not keep us under the old one (section 6).
        id = MainlineID.make(for: ip, random: &random)
        var moved = DHTRoutingTable(own: id, bucketSize: Limits.Mainline.bucketSize)
        for entry in table.entries { _ = moved.add(entry) }
        table = moved
        bootstrap()
    }

    func upkeep() {
        upkeepAt = now + Limits.Mainline.upkeepPeriod
        tokens.rotate(random: &random, now: now)
        peers.rotate(now: now)
        answerLimiter.forget(now: now)
        let silent = now - Limits.Mainline.refreshPeriod
        for entry in table.stalest(Limits.Mainline.upkeepPings, before: silent)
        where !requests.contains(entry.address) {
            ping(entry, purpose: .check(newcomer: nil))
        }
        let isDue = now - lastBootstrap >= Limits.Mainline.refreshPeriod
        if isReady, table.count == 0 || isDue { bootstrap() }
    }
}
