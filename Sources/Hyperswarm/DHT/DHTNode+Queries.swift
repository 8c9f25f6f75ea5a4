import HyperCrypto
import NIOCore

extension DHTNode {
    /// Finds peers of a topic: `.peers` as they are found, `.finished` at the end.
    ///
    /// - Parameter localAddress: ours in our own network, to find those in the same; IPv4.
    /// - Returns: `nil` when too many queries run.
    public func lookup(_ topic: DHTKey, localAddress: Endpoint? = nil) -> DHTTicket? {
        let input = DHTPeersInput(localAddress: localAddress.flatMap { DHTAddress($0) })
        return begin(.lookup(input), target: topic)
    }

    /// Tells others that we serve a topic, and finds peers like a lookup. Lasts 8 to 16 minutes:
    /// repeat every 5 to 10, at random.
    ///
    /// - Parameters:
    ///   - port: where we accept TCP and uTP; 0 = the port that our datagrams come from, the right
    ///     one behind a NAT.
    ///   - localAddress: ours in our own network, IPv4; `nil` tells nobody.
    public func announce(
        _ topic: DHTKey, port: UInt16 = 0, localAddress: Endpoint? = nil
    ) -> DHTTicket? {
        let input = DHTPeersInput(
            port: UInt32(port), localAddress: localAddress.flatMap { DHTAddress($0) })
        return begin(.announce(input), target: topic)
    }

    /// Takes an announce back; port and address as they were announced.
    public func unannounce(
        _ topic: DHTKey, port: UInt16 = 0, localAddress: Endpoint? = nil
    ) -> DHTTicket? {
        let input = DHTPeersInput(
            port: UInt32(port), localAddress: localAddress.flatMap { DHTAddress($0) })
        return begin(.unannounce(input), target: topic)
    }

    /// Looks for the value with this hash: `.immutable` when it is found, then `.finished`.
    public func getImmutable(_ key: DHTKey) -> DHTTicket? {
        if let value = values[.init(key: key, salt: nil)] {
            let ticket = ticket()
            emit(.immutable(ticket, value: value))
            emit(.finished(ticket, DHTQuerySummary()))
            return ticket
        }
        return begin(.getImmutable, target: key)
    }

    /// Stores a value of at most 1000 bytes at the nodes nearest to its hash, which is its key;
    /// `nil` when it is longer.
    public func putImmutable(_ value: [UInt8]) -> (ticket: DHTTicket, key: DHTKey)? {
        guard value.count <= Limits.DHT.valueBytes else { return nil }
        let key = DHTKey(Blake2b.hash32(value))
        guard let ticket = begin(.putImmutable(value), target: key) else { return nil }
        _ = values.store(value, at: .init(key: key, salt: nil), from: 0)
        return (ticket, key)
    }

    /// Looks for records of a key: `.mutable` for each that is newer than the last, then
    /// `.finished`.
    ///
    /// - Parameter minimum: older records than this are of no interest.
    public func getMutable(
        _ key: PublicKey, salt: [UInt8] = [], minimum: UInt64 = 0
    ) -> DHTTicket? {
        guard salt.count <= Limits.DHT.saltBytes else { return nil }
        let target = DHTKey(key.raw)
        guard
            let ticket = begin(
                .getMutable(salt: salt, minimum: minimum), target: target)
        else { return nil }
        if let bytes = values[.init(key: target, salt: salt)],
            let record = DHTMutable(decoding: bytes), record.seq >= minimum
        {
            queries[ticket]?.best = record
            emit(.mutable(ticket, record))
        }
        return ticket
    }

    /// Stores a record at the nodes nearest to its key. Repeat it every 15 minutes or so: nodes
    /// come and go.
    ///
    /// - Returns: `nil` when the signature is not the key's, or too many queries run.
    public func putMutable(_ record: DHTMutable, key: PublicKey) -> DHTTicket? {
        guard record.isSigned(by: key) else { return nil }
        let target = DHTKey(key.raw)
        guard let ticket = begin(.putMutable(record), target: target) else { return nil }
        let slot = DHTValueStore.Slot(key: target, salt: record.salt)
        let stored = values[slot].flatMap { DHTMutable(decoding: $0) }
        if stored.map({ $0.seq < record.seq }) ?? true {
            _ = values.store(record.encoded, at: slot, from: 0)
        }
        return ticket
    }

    /// Ends a query without another word.
    public func cancel(_ ticket: DHTTicket) {
        queries[ticket] = nil
        settle()
    }

    /// Starts a query; `nil` when too many run.
    func begin(_ operation: DHTOperation, target: DHTKey) -> DHTTicket? {
        guard queries.count < Limits.DHT.queries else { return nil }
        let ticket = ticket()
        let known = table.closest(to: target, count: Limits.DHT.bucketSize)
        let query = Query(
            operation, ticket: ticket, target: target, own: id, known: known,
            seeds: known.count < max(1, entryPoints.count) ? entryPoints : [], now: now)
        queries[ticket] = query
        proceed(query)
        return ticket
    }

    /// Asks whom there is to ask, or goes on to the next phase.
    func proceed(_ query: Query) {
        guard queries[query.ticket] === query else { return }
        if query.isUpdating {
            if query.updating.isEmpty { finish(query) }
            return
        }
        var total = inFlight
        let isCrowded = query.operation.isBackground && queries.count > 1
        let limit = isCrowded ? Limits.DHT.backgroundConcurrency : Limits.DHT.concurrency
        while query.inFlight < query.concurrency, total < limit || query.inFlight == 0,
            let destination = query.next()
        {
            total += 1
            ask(destination, for: query)
        }
        if query.hasWalked() { walked(query) }
    }

    private func ask(_ destination: Query.Destination, for query: Query) {
        let (command, value) = query.operation.query
        var message = DHTMessage(.query, rid: 0)
        message.target = query.target
        message.command = command
        message.value = value
        let isSent = request(
            Requests.Draft(
                message: message, address: destination.address, id: destination.id,
                referrer: destination.referrer, purpose: .query(query.ticket)))
        if !isSent { query.late(destination.id, at: destination.address) }
    }

    /// The nearest nodes are known; now the update, if there is one.
    private func walked(_ query: Query) {
        guard let (command, value) = query.operation.update else { return finish(query) }
        query.isUpdating = true
        query.deadline = now + Limits.DHT.updateTime
        for candidate in query.closest {
            var message = DHTMessage(.update, rid: 0)
            message.target = query.target
            message.roundtripToken = candidate.token
            message.command = command
            message.value = value
            let isSent = request(
                Requests.Draft(
                    message: message, address: candidate.address, id: candidate.id,
                    referrer: candidate.referrer, purpose: .update(query.ticket)))
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
        if query.ticket == bootstrapping {
            bootstrapped()
        } else {
            emit(.finished(query.ticket, query.summary))
        }
    }

    /// Requests that hold queries up.
    private var inFlight: Int { queries.values.reduce(0) { $0 + $1.inFlight } }

    /// Sends what may now be sent, here and there.
    func settle() {
        drainQueue()
        guard queries.count > 1, inFlight < Limits.DHT.concurrency else { return }
        // Places that one query has given up belong to the others.
        for query in sortedQueries {
            proceed(query)
            guard inFlight < Limits.DHT.concurrency else { return }
        }
    }
}
