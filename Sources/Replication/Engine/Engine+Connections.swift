import HyperCrypto
import Hypercore

/// Connections come, speak and go.
extension Engine {
    func connected(initiator: Bool) -> PeerID {
        now = depth == 0 ? executor.now : now
        lastPeer += 1
        let id = PeerID(lastPeer)
        let session = Session(
            initiator: initiator, configuration: configuration, random: &random, now: now)
        let peer = PeerState(id: id, session: session, isInitiator: initiator, now: now)
        peers[id] = peer
        // The caller does not know the name yet: what there is to send leaves after it does.
        executor.execute { [weak self] in
            self?.turn { self?.greet(id) }
        }
        return id
    }

    private func greet(_ id: PeerID) {
        guard let peer = peers[id] else { return }
        if peer.session.isEstablished { established(peer) }
        arm(peer.session.nextDeadline)
        markDirty(peer)
    }

    func received(_ bytes: UnsafeRawBufferPointer, from id: PeerID) {
        guard let peer = peers[id] else { return }
        if peer.firstBytesAt == nil { peer.firstBytesAt = now }
        var events: [Session.Event] = []
        var failure: (any Error)?
        do {
            // Handled behind the call, not within: an event of one connection makes us use others,
            // and this one again.
            try peer.session.receive(bytes, now: now) { _, event in events.append(event) }
        } catch {
            failure = error
        }
        markDirty(peer)
        handle(events, of: peer)
        if let failure { drop(peer, failure) }
    }

    func handle(_ events: [Session.Event], of peer: PeerState) {
        for event in events {
            guard !peer.isGone else { return }
            do {
                try handle(event, of: peer)
            } catch {
                drop(peer, error)
            }
        }
    }

    private func handle(_ event: Session.Event, of peer: PeerState) throws {
        switch event {
        case .established:
            established(peer)
        case .unknownDiscoveryKey(let discoveryKey):
            try opened(discoveryKey, by: peer)
        case .opened(let id):
            try charge(peer, SchedulerLimits.openingCost)
            if let channel = peer.channels[id] { bothOpen(channel) }
        case .closed(let id):
            if let channel = peer.channels[id] { closed(channel) }
        case .message(let id, let message):
            if let channel = peer.channels[id] { try handle(message, on: channel) }
        case .extension(let id, let name, let payload):
            if let channel = peer.channels[id] {
                try charge(peer, 1)
                channel.replication.feed.receiveExtension(name, from: peer.id, payload: payload)
            }
        case .extensions(_, let names):
            if names.contains(PeerState.politeExtension) { peer.isPolite = true }
        }
    }

    private func established(_ peer: PeerState) {
        guard !peer.isEstablished else { return }
        // One way there and back: message 1 to 2 for the initiator, 2 to 3 for the responder.
        let start = peer.isInitiator ? peer.connectedAt : peer.firstBytesAt ?? peer.connectedAt
        if now > start { peer.estimator.measured(roundTrip: now - start) }
        if let key = peer.session.remoteKey, !output.isWanted(peer.id, remoteKey: key) { return }
        begin(peer)
    }

    /// A connection that was kept idle takes the place of another.
    func use(_ id: PeerID) {
        guard let peer = peers[id], peer.session.isEstablished, !peer.isEstablished else { return }
        begin(peer)
    }

    private func begin(_ peer: PeerState) {
        // Asking may have ended it.
        guard !peer.isGone else { return }
        peer.isEstablished = true
        for replication in feedsInOrder where replication.isJoined {
            open(replication, with: peer)
        }
        let held = peer.held
        peer.held = []
        do {
            for discoveryKey in held where peer.channelOf[discoveryKey] == nil {
                try opened(discoveryKey, by: peer)
            }
        } catch {
            drop(peer, error)
        }
    }

    func disconnected(_ id: PeerID) {
        guard let peer = peers[id] else { return }
        forget(peer)
    }

    /// Ends a connection from our side.
    func drop(_ peer: PeerState, _ reason: (any Error)?) {
        guard !peer.isGone else { return }
        flush(peer)
        forget(peer)
        output.close(peer.id, reason: reason)
    }

    private func forget(_ peer: PeerState) {
        peer.isGone = true
        peers[peer.id] = nil
        for channel in peer.channels.values { remove(channel) }
        peer.channels = [:]
        peer.channelOf = [:]
    }

    func writable(_ id: PeerID, _ isWritable: Bool) {
        guard let peer = peers[id] else { return }
        peer.isWritable = isWritable
        guard isWritable else { return }
        for channel in peer.channels.values where channel.missedAnnouncements {
            channel.missedAnnouncements = false
            refresh(channel)
        }
        enterServeRing(peer)
    }

    /// Charges a control message to its sender.
    func charge(_ peer: PeerState, _ units: Int) throws {
        guard peer.controls.take(Double(units), now: now) else {
            throw SessionError("flood", "the peer sends control messages without end")
        }
    }
}
