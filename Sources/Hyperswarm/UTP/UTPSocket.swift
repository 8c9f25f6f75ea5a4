import NIOCore

/// All uTP connections of one UDP port: finds the connection of a packet, accepts and dials, and
/// answers strays (docs/spec/utp.md 2, 4, 9, 12). A pure state machine.
///
/// Give it datagrams and calls, then `flush` once for the batch; then send `takeOutbox`, look at
/// `takeNews`, and come back with `tick` at `nextDeadline`.
final class UTPSocket {
    struct Key: Hashable {
        let remote: Endpoint
        let receiveID: UInt16
    }

    /// Whether SYNs are answered. Without, they are ignored (4).
    var isAccepting = true
    private(set) var nextDeadline: NIODeadline?

    let memory = UTPMemory()
    var random: any RandomNumberGenerator & Sendable
    var connections: [Key: UTPConnection] = [:]
    /// The connection of the last packet: the next one mostly is of the same.
    private var latest: (key: Key, connection: UTPConnection)?
    private var touched: [UTPConnection] = []
    private var news: [(UTPConnection, UTPConnection.News)] = []
    var outbox = UTPOutbox()
    private var halfOpen: HalfOpenTable
    private var resets = ResetMemory()

    init(random: any RandomNumberGenerator & Sendable) {
        var random = random
        halfOpen = HalfOpenTable(random: &random)
        self.random = random
    }

    /// Connections that have not been forgotten, half-open and lingering ones included.
    var count: Int { connections.count }

    /// A datagram that `UTPPacket.isUTP`.
    func receive(_ datagram: UnsafeRawBufferPointer, from remote: Endpoint, now: NIODeadline) {
        guard remote.port != 0, let packet = UTPPacket(datagram) else { return }
        switch packet.header.kind {
        case .syn: receiveSyn(packet.header, from: remote, now: now)
        case .reset: receiveReset(packet.header, from: remote, now: now)
        case .data, .end, .state:
            let id = packet.header.connectionID
            if let connection = find(Key(remote: remote, receiveID: id)) {
                connection.receive(packet, now: now)
                touch(connection)
            } else {
                receiveStray(packet, from: remote, now: now)
            }
        }
    }

    /// Dials; `nil` when there are too many connections.
    func dial(_ remote: Endpoint, now: NIODeadline) -> UTPConnection? {
        guard let id = freeID(for: remote) else { return nil }
        let connection = UTPConnection(
            to: remote, receiveID: id, sequence: randomSequence(), memory: memory, now: now)
        connections[Key(remote: remote, receiveID: id)] = connection
        touch(connection)
        return connection
    }

    /// Ends a connection without waiting for anything, and tells the peer.
    func abort(_ connection: UTPConnection, now: NIODeadline) {
        if connection.phase == .open { connection.sendReset(now: now, to: &outbox) }
        connection.end(.aborted, linger: nil)
        touch(connection)
    }

    /// Whether some connection has not ended yet.
    var isBusy: Bool {
        connections.values.contains { $0.phase != .lingering && $0.phase != .halfOpen }
    }

    /// Ends all connections in good order, and takes no more.
    func closeAll() {
        isAccepting = false
        for connection in Array(connections.values) {
            connection.close()
            touch(connection)
        }
    }

    /// Ends what `closeAll` has not.
    func abortAll(now: NIODeadline) {
        for connection in Array(connections.values) { abort(connection, now: now) }
        flush(now: now)
    }

    /// Something was done with the connection: `flush` will look at it.
    func touch(_ connection: UTPConnection) {
        guard !connection.isTouched else { return }
        connection.isTouched = true
        touched.append(connection)
    }

    /// Sends what a batch of datagrams and calls gave reason for.
    func flush(now: NIODeadline) {
        while let connection = touched.popLast() {
            connection.isTouched = false
            connection.send(now: now, to: &outbox)
            settle(connection)
        }
    }

    /// Does what is due; includes `flush`.
    func tick(now: NIODeadline) {
        nextDeadline = nil
        for connection in Array(connections.values) {
            guard let deadline = connection.deadline else { continue }
            if deadline > now {
                nextDeadline = min(deadline, nextDeadline ?? deadline)
                continue
            }
            connection.tick(now: now, to: &outbox)
            if connection.wantsAttempt(now: now), let id = freeID(for: connection.remote) {
                connection.attempt(receiveID: id, sequence: randomSequence(), now: now)
                connections[Key(remote: connection.remote, receiveID: id)] = connection
            }
            touch(connection)
        }
        flush(now: now)
    }

    /// Datagrams to send, in order.
    func takeOutbox() -> UTPOutbox { outbox.take() }

    /// Connections and what happened to them.
    func takeNews() -> [(UTPConnection, UTPConnection.News)] {
        defer { news = [] }
        return news
    }

    func randomSequence() -> SequenceNumber {
        SequenceNumber(UInt16.random(in: 0 ... .max, using: &random))
    }

    private func settle(_ connection: UTPConnection) {
        if connection.isCounted, connection.phase != .halfOpen {
            connection.isCounted = false
            halfOpen.leave(connection.remote.ip)
        }
        let told = connection.takeNews()
        // Of one that was half-open to its end the owner has never heard.
        let isKnown = connection.isInitiator || connection.wasOpened
        if !told.isEmpty, isKnown { news.append((connection, told)) }
        if told.contains(.opened), connection.isInitiator { dropOtherAttempts(of: connection) }
        if connection.phase == .gone {
            forget(connection)
        } else if let deadline = connection.deadline {
            nextDeadline = min(deadline, nextDeadline ?? deadline)
        }
    }
}

// MARK: - Finding

extension UTPSocket {
    private func find(_ key: Key) -> UTPConnection? {
        if let latest, latest.key == key { return latest.connection }
        guard let connection = connections[key] else { return nil }
        latest = (key, connection)
        return connection
    }

    private func forget(_ connection: UTPConnection) {
        latest = nil
        for attempt in connection.attempts { remove(connection, attempt.receiveID) }
        remove(connection, connection.receiveID)
    }

    private func remove(_ connection: UTPConnection, _ receiveID: UInt16) {
        let key = Key(remote: connection.remote, receiveID: receiveID)
        if connections[key] === connection { connections[key] = nil }
    }

    private func dropOtherAttempts(of connection: UTPConnection) {
        latest = nil
        for attempt in connection.attempts where attempt.receiveID != connection.receiveID {
            remove(connection, attempt.receiveID)
        }
    }

    /// An id on which nothing is received from there (2).
    private func freeID(for remote: Endpoint) -> UInt16? {
        guard connections.count < Limits.UTP.connectionsMax else { return nil }
        for _ in 0..<16 {
            let id = UInt16.random(in: 0 ... .max, using: &random)
            if connections[Key(remote: remote, receiveID: id)] == nil { return id }
        }
        return nil
    }
}

// MARK: - Accepting

extension UTPSocket {
    private func receiveSyn(_ header: UTPHeader, from remote: Endpoint, now: NIODeadline) {
        let key = Key(remote: remote, receiveID: header.connectionID &+ 1)
        if let old = connections[key] {
            guard isOver(old, by: header, now: now) else { return }
            connections[key] = nil
        }
        guard isAccepting, connections.count < Limits.UTP.connectionsMax else { return }
        guard halfOpen.enter(remote.ip) else {
            return answerWithoutMemory(header, to: remote, now: now)
        }
        let connection = UTPConnection(
            accepting: header, from: remote, sequence: randomSequence(), memory: memory, now: now)
        connection.isCounted = true
        connections[key] = connection
        touch(connection)
    }

    /// What a SYN does to the connection of its id; whether that makes room for another.
    private func isOver(
        _ old: UTPConnection, by syn: UTPHeader, now: NIODeadline
    ) -> Bool {
        let isSame = !old.isInitiator && old.arrivals.acknowledged == syn.sequence
        switch old.phase {
        case .halfOpen where isSame:
            old.repeated()
            touch(old)
            return false
        case .open where isSame || !old.isReplaced(by: syn, now: now): return false
        case .dialing: return false
        case .open, .halfOpen, .lingering, .gone: break
        }
        old.end(.reset, linger: nil)
        // Before its place is taken.
        flush(now: now)
        old.phase = .gone
        settle(old)
        return true
    }

    /// Too many are half-open: the sequence number of the answer is made so that the peer's first
    /// packet proves that it got the answer.
    private func answerWithoutMemory(
        _ syn: UTPHeader, to remote: Endpoint, now: NIODeadline
    ) {
        halfOpen.floodEnd = now + Limits.UTP.halfOpenTime
        let sequence = halfOpen.cookie(remote, syn.connectionID, syn.sequence)
        let answer = UTPHeader(
            kind: .state, connectionID: syn.connectionID, timestamp: UTPConnection.clock(now),
            window: UInt32(Limits.UTP.windowInitial), sequence: sequence,
            acknowledged: syn.sequence)
        outbox.append(to: remote, size: UTPHeader.size) { answer.write(to: $0) }
    }

    /// A packet of a connection that we do not know: perhaps one that was answered without memory.
    private func receiveStray(_ packet: UTPPacket, from remote: Endpoint, now: NIODeadline) {
        let header = packet.header
        guard now < halfOpen.floodEnd else { return reject(header, from: remote, now: now) }
        let id = header.connectionID &- 1
        let syn = header.sequence - 1
        guard header.kind == .data, isAccepting,
            connections.count < Limits.UTP.connectionsMax,
            halfOpen.cookie(remote, id, syn) == header.acknowledged + 1
        else { return }
        let begin = UTPHeader(
            kind: .syn, connectionID: id, timestamp: header.timestamp, window: header.window,
            sequence: syn, acknowledged: SequenceNumber(0))
        let connection = UTPConnection(
            accepting: begin, from: remote, sequence: header.acknowledged + 1, memory: memory,
            now: now)
        connections[Key(remote: remote, receiveID: header.connectionID)] = connection
        connection.receive(packet, now: now)
        touch(connection)
    }
}

// MARK: - Resets

extension UTPSocket {
    /// A RESET may carry either id (2).
    private func receiveReset(_ header: UTPHeader, from remote: Endpoint, now: NIODeadline) {
        let id = header.connectionID
        for receiveID in [id, id &+ 1, id &- 1] {
            guard let connection = connections[Key(remote: remote, receiveID: receiveID)] else {
                continue
            }
            guard receiveID == id || connection.sendID == id || connection.phase == .dialing else {
                continue
            }
            connection.wasReset(header)
            touch(connection)
            return
        }
    }

    private func reject(_ header: UTPHeader, from remote: Endpoint, now: NIODeadline) {
        guard resets.mayAnswer(remote.ip, now: now) else { return }
        let answer = UTPHeader(
            kind: .reset, connectionID: header.connectionID, sequence: randomSequence(),
            acknowledged: header.sequence)
        outbox.append(to: remote, size: UTPHeader.size) { answer.write(to: $0) }
    }
}
