import HyperCrypto
import NIOCore

/// Connections from their beginning to their end, on the loop.
extension Swarm {
    /// Gives an accepted connection its handler.
    func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let handler = ConnectionHandler(swarm: self, origin: .accepted)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }

    /// The socket is connected. Returns false when there is nothing to do but close it.
    func begin(_ connection: Connection) -> Bool {
        guard !state.value.isStopped else { return false }
        if let peer = connection.peer {
            // The other transport of the dial was first.
            if state.value.connections.values.contains(where: { $0.peer == peer }) { return false }
            connection.found(by: state.value.queue.entries[peer]?.origin)
            state.value.queue.connected(peer, isTCP: connection.transport == .tcp, now: .now())
        }
        if let twin = state.value.connections.values.first(where: { connection.isTwin(of: $0) }) {
            dropOurselves(connection.peer ?? twin.peer)
            twin.close(reason: nil)
            return false
        }
        // Counted when it is accepted, not before: of many that come in one go none is yet.
        if connection.peer == nil {
            let id = ObjectIdentifier(connection)
            guard state.value.strangers.came(id, from: connection.host) else { return false }
            guard state.value.queue.accept(connection.host) else {
                state.value.strangers.gone(id)
                return false
            }
        }
        state.value.connections[ObjectIdentifier(connection)] = connection
        handler.opened(connection)
        return true
    }

    /// Both ends of one connection are ours: nothing to learn there, and dialing it again would
    /// never end.
    private func dropOurselves(_ peer: Address?) {
        guard let peer else { return }
        state.value.queue.ban(peer)
        handler.unreachable(peer, error: .ourselves(peer))
    }

    /// The handshake on a connection has told who is there: static public keys, our own and the
    /// other's. Returns whether the connection is to be used. If not, another one to the same peer
    /// serves; this one closes by itself, or is kept idle and `promoted` if the other one goes.
    public func identified(
        _ connection: Connection, local: Bytes32, remote: Bytes32
    ) -> Bool {
        let id = ObjectIdentifier(connection)
        guard state.value.connections[id] != nil else { return false }
        state.value.strangers.gone(id)
        if let peer = connection.peer { state.value.queue.identified(peer) }
        let outcome = state.value.duplicates.identified(
            id, local: local, remote: remote, isInitiator: connection.isInitiator,
            over: connection.transport)
        switch outcome {
        case .single:
            remember(connection)
            return true
        case .ourselves:
            dropOurselves(connection.peer)
            connection.close(reason: nil)
            return false
        case .replaces(let other, let ends):
            state.value.resting[id] = state.value.resting.removeValue(forKey: other)
            if ends, let loser = state.value.connections[other] { end(loser, for: id) }
            remember(connection)
            return true
        case .yields(let other, let ends):
            // Perhaps it answers no more, and that is why there is another one.
            state.value.connections[other]?.probe()
            if ends { end(connection, for: other) } else { hold(connection) }
            return false
        }
    }

    /// Uses a connection that lost if the other end does not close it in a moment.
    private func hold(_ connection: Connection) {
        loop.scheduleTask(in: Limits.Queue.heldTime) {
            let id = ObjectIdentifier(connection)
            guard self.state.value.connections[id] != nil else { return }
            if self.state.value.duplicates.kept(id) { self.handler.promoted(connection) }
        }
    }

    /// Closes a connection that is one too many. Its address is left alone while the other lives.
    private func end(_ loser: Connection, for survivor: ObjectIdentifier) {
        if let address = loser.peer {
            state.value.queue.rest(address)
            state.value.resting[survivor, default: []].append(address)
        }
        loser.close(reason: nil)
    }

    /// The socket is closed: the handler's last call, and a new dial if it was ours.
    func ended(_ connection: Connection) {
        let id = ObjectIdentifier(connection)
        guard state.value.connections.removeValue(forKey: id) != nil else { return }
        state.value.strangers.gone(id)
        if let peer = connection.peer {
            state.value.queue.closed(peer, now: .now())
        } else {
            state.value.queue.left(connection.host)
        }
        handler.closed(connection, error: connection.reason)
        let addresses = state.value.resting.removeValue(forKey: id) ?? []
        if let next = state.value.duplicates.closed(id), let heir = state.value.connections[next] {
            if !addresses.isEmpty { state.value.resting[next] = addresses }
            handler.promoted(heir)
        } else {
            addresses.forEach { state.value.queue.wake($0) }
        }
        dialWaiting()
    }
}
