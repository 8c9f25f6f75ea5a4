import HyperCrypto
import NIOCore

extension MainlineNode {
    /// Finds peers of a topic: `.peers` as they are found, `.finished` at the end. Some of them are
    /// BitTorrent clients and crawlers, not ours.
    public func lookup(_ topic: DHTKey) -> DHTTicket? {
        begin(.lookup, target: MainlineID.infoHash(of: topic))
    }

    /// Tells others that we serve a topic at the port our datagrams come from, and finds peers like
    /// a lookup. Lasts 15 minutes at least.
    ///
    /// - Parameter port: the same, for nodes that do not look where datagrams come from.
    public func announce(_ topic: DHTKey, port: UInt16) -> DHTTicket? {
        begin(.announce(port: port), target: MainlineID.infoHash(of: topic))
    }

    /// Looks for the string with this SHA-1 (of its encoding): `.immutable`, then `.finished`.
    public func getImmutable(sha1: [UInt8]) -> DHTTicket? {
        MainlineID.key(sha1).flatMap { begin(.getImmutable, target: $0) }
    }

    /// Stores a string; its key is the SHA-1 of its encoding. `nil` when that is longer than 1000
    /// bytes.
    public func putImmutable(_ value: [UInt8]) -> (ticket: DHTTicket, sha1: [UInt8])? {
        let encoded = Bencode.bytes(value).encoded
        guard encoded.count <= Limits.Mainline.valueBytes else { return nil }
        let hash = SHA1.hash(encoded)
        guard let target = MainlineID.key(hash),
            let ticket = begin(.putImmutable(value), target: target)
        else { return nil }
        return (ticket, hash)
    }

    /// Looks for records of a key: `.mutable` for each that is newer than the last, then
    /// `.finished`.
    public func getMutable(_ key: PublicKey, salt: [UInt8] = []) -> DHTTicket? {
        guard salt.count <= Limits.Mainline.saltBytes,
            let target = MainlineID.key(Self.target(key, salt: salt))
        else { return nil }
        return begin(.getMutable(key, salt: salt), target: target)
    }

    /// Stores a record, signed as for the other DHT, at the nodes nearest to its key. Repeat it
    /// every hour.
    ///
    /// - Returns: `nil` when the signature is not the key's, or the encoded value too long.
    public func putMutable(_ record: DHTMutable, key: PublicKey) -> DHTTicket? {
        guard record.isSigned(by: key),
            Bencode.bytes(record.value).encoded.count <= Limits.Mainline.valueBytes,
            let target = MainlineID.key(Self.target(key, salt: record.salt))
        else { return nil }
        return begin(.putMutable(record, key), target: target)
    }

    /// Ends a query without another word.
    public func cancel(_ ticket: DHTTicket) { queries[ticket] = nil }

    /// `SHA-1(key, salt)`
    static func target(_ key: PublicKey, salt: [UInt8]) -> [UInt8] {
        SHA1.hash(key.raw.bytes + salt)
    }

    func bootstrap() {
        guard bootstrapping == nil else { return }
        lastBootstrap = now
        bootstrapping = begin(.bootstrap, target: id)
        if let bootstrapping, queries[bootstrapping] == nil { bootstrapped() }
    }

    private func bootstrapped() {
        bootstrapping = nil
        guard !isReady else { return }
        isReady = true
        emit(.ready)
    }

    private func begin(_ operation: MainlineOperation, target: DHTKey) -> DHTTicket? {
        guard queries.count < Limits.DHT.queries else { return nil }
        lastTicket += 1
        let ticket = DHTTicket(raw: lastTicket)
        let known = table.closest(to: target, count: 2 * Limits.Mainline.bucketSize) + remembered
        remembered = []
        let query = Query(
            operation, ticket: ticket, target: target, own: id, known: known,
            seeds: known.count < Limits.Mainline.bucketSize ? entryPoints : [],
            width: Limits.Mainline.bucketSize, now: now)
        queries[ticket] = query
        proceed(query)
        return ticket
    }

    func proceed(_ query: Query) {
        guard queries[query.ticket] === query else { return }
        if query.isUpdating {
            if query.updating.isEmpty { finish(query) }
            return
        }
        var total = queries.values.reduce(0) { $0 + $1.inFlight }
        while query.inFlight < query.concurrency,
            total < Limits.DHT.concurrency || query.inFlight == 0, let next = query.next()
        {
            total += 1
            let (method, name) = query.operation.query
            let target = Bencode.bytes(MainlineID.bytes(query.target))
            let isSent = request(
                Requests.Draft(
                    message: message(method, [name: target]), address: next.address, id: next.id,
                    purpose: .query(query.ticket)))
            if !isSent { query.late(next.id, at: next.address) }
        }
        if query.hasWalked() { walked(query) }
    }

    private func walked(_ query: Query) {
        guard let (method, arguments) = query.operation.update(target: query.target) else {
            return finish(query)
        }
        query.isUpdating = true
        query.deadline = now + Limits.DHT.updateTime
        for candidate in query.closest {
            var arguments = arguments
            arguments["token"] = candidate.token.map { Bencode.bytes($0) }
            let isSent = request(
                Requests.Draft(
                    message: message(method, arguments), address: candidate.address,
                    id: candidate.id, purpose: .update(query.ticket)))
            if isSent { query.updating.insert(candidate.address) }
        }
        if query.updating.isEmpty { finish(query) }
    }

    /// Too long on its way: what it has found must do.
    func expire(_ query: Query) {
        if query.isUpdating { finish(query) } else { walked(query) }
    }

    func finish(_ query: Query) {
        queries[query.ticket] = nil
        if case .bootstrap = query.operation {
            bootstrapped()
        } else {
            emit(.finished(query.ticket, query.summary))
        }
    }

    func answered(_ query: Query, _ request: DHTRequest, as present: DHTKey?, _ values: Bencode?) {
        let token = values?["token"]?.bytes
        query.answered(
            request.id, as: present, at: request.address,
            token: token.flatMap {
                $0.count <= Limits.Mainline.foreignTokenBytes ? $0 : nil
            }, nodes: values.map { KRPCMessage.nodes(in: $0) } ?? [])
        if let values { take(values, from: request.address, for: query) }
        proceed(query)
    }

    private func take(_ values: Bencode, from node: DHTAddress, for query: Query) {
        switch query.operation {
        case .lookup, .announce:
            let peers = (values["values"]?.list ?? []).prefix(Limits.Mainline.peersPerAnswer)
                .compactMap { $0.bytes.flatMap { DHTAddress(exactly: $0) } }
                .filter { $0.isCredible(toldBy: node) }
            guard !peers.isEmpty else { return }
            query.hasFound = true
            let found = DHTPeersFound(
                peers: peers.map(\.endpoint), localPeers: [], referrer: node.endpoint)
            emit(.peers(query.ticket, found))
        case .getImmutable:
            guard let value = values["v"], let bytes = value.bytes,
                MainlineID.key(SHA1.hash(value.encoded)) == query.target
            else { return }
            emit(.immutable(query.ticket, value: bytes))
            finish(query)
        case .getMutable(let key, let salt):
            guard let value = values["v"]?.bytes, let signature = values["sig"]?.bytes,
                let seq = values["seq"]?.integer.flatMap({ UInt64(exactly: $0) }),
                values["k"]?.bytes == key.raw.bytes,
                let record = DHTMutable(value: value, signature: signature, seq: seq, salt: salt),
                query.best.map({ $0.seq < seq }) ?? true, record.isSigned(by: key)
            else { return }
            query.best = record
            query.hasFound = true
            emit(.mutable(query.ticket, record))
        case .bootstrap, .putImmutable, .putMutable: break
        }
    }
}
