import Hypercore

/// Answering peers: in turns, so many bytes each, only as fast as they read
/// (docs/spec/hypercore.md 11.2 and 11.4).
extension Engine {
    func enqueue(_ item: ServeQueue.Item, of peer: PeerState) throws {
        guard peer.queue.append(item) else {
            throw SessionError("flood", "the peer has more requests waiting than anybody needs")
        }
        enterServeRing(peer)
    }

    func enterServeRing(_ peer: PeerState) {
        guard !peer.isInServeRing, !peer.queue.isEmpty, peer.takesOutput else { return }
        peer.isInServeRing = true
        serveRing.append(peer)
    }

    /// A Want; whether it is answered is decided here, when is decided by the queue.
    func wanted(_ start: UInt64, _ length: UInt64, on channel: FeedChannel) throws {
        guard start % SchedulerLimits.wantAlignment == 0,
            length % SchedulerLimits.wantAlignment == 0, length > 0,
            length <= SchedulerLimits.wantBlocks, start < SchedulerLimits.lengthMax
        else { return }
        try enqueue(.want(channel, start: start, length: length), of: channel.peer)
    }

    /// Serves peers in turn until nobody waits, nobody reads, or this turn has done its share;
    /// then the rest is posted, so that what arrives meanwhile is heard.
    func serve() {
        var served = 0
        while let peer = serveRing.popFirst() {
            peer.isInServeRing = false
            var bytes = 0
            while bytes < SchedulerLimits.serveQuantum, peer.takesOutput,
                let item = peer.queue.next()
            {
                do {
                    bytes += SchedulerLimits.serveCost + (try answer(item))
                } catch {
                    drop(peer, error)
                }
            }
            markDirty(peer)
            flush(peer)
            enterServeRing(peer)
            served += bytes
            guard served < SchedulerLimits.serveBytesPerTurn else { break }
        }
    }

    /// Arranges that those who still wait get their turn.
    func postServing() {
        guard !serveRing.isEmpty, !isServePosted else { return }
        isServePosted = true
        executor.execute { [weak self] in
            self?.turn { self?.isServePosted = false }
        }
    }

    /// Answers one item; returns the bytes of block and bitfield sent. Throws when the asking
    /// itself is an offence.
    private func answer(_ item: ServeQueue.Item) throws -> Int {
        guard item.channel.isOpen else { return 0 }
        switch item {
        case .want(let channel, let start, let length):
            return answerWant(start, length, on: channel)
        case .request(let channel, let index, let bytes, let hash, let nodes):
            guard nodes <= SchedulerLimits.digestMax else {
                throw SessionError("message", "the peer's digest has more levels than any tree")
            }
            return answerRequest(index, bytes, hash, nodes, on: channel)
        }
    }

    private func answerWant(_ start: UInt64, _ length: UInt64, on channel: FeedChannel) -> Int {
        let feed = channel.replication.feed
        let end = feed.length
        if !channel.isSubscribed, end > 0, feed.has(end - 1) {
            send(.have(start: end - 1, length: nil, bitfield: nil, ack: nil), on: channel)
        }
        channel.isSubscribed = true
        let bits = feed.encodedBits(start: start, length: length)
        send(.have(start: start, length: length, bitfield: bits, ack: nil), on: channel)
        return SchedulerLimits.serveCost * 16 + bits.count
    }

    private func answerRequest(
        _ asked: UInt64, _ byte: UInt64, _ hash: Bool, _ nodes: UInt64, on channel: FeedChannel
    ) -> Int {
        let feed = channel.replication.feed
        var index = asked
        var digest = nodes
        if byte != 0 {
            // The reference sends one seek many times, to hear one answer.
            guard byte != channel.lastServedByte else { return 0 }
            channel.lastServedByte = byte
            if case .found(let block, _)? = try? feed.seek(byte: byte), block < feed.length {
                index = block
                digest = 0
            }
        }
        do {
            guard index < feed.length,
                let proof = try feed.proof(
                    for: index, digest: digest, includeLeaf: hash, remote: channel.remoteNodes)
            else { return lack(asked, on: channel) }
            let value = hash ? nil : try feed.block(index)
            guard hash || value != nil else { return lack(asked, on: channel) }
            if let value {
                channel.statistics.uploaded(value.count)
                channel.replication.statistics.uploaded(value.count)
                totals.sent &+= 1
                totals.sentBytes &+= UInt64(value.count)
            }
            let nodes = proof.nodes.map { WireNode(index: $0.index, hash: $0.hash, size: $0.size) }
            send(
                .data(index: index, value: value, nodes: nodes, signature: proof.signature),
                on: channel)
            return (value?.count ?? 0) + 48 * nodes.count
        } catch {
            // Our disk's fault: others may have it.
            return lack(asked, on: channel)
        }
    }

    /// Says that we do not have what was asked, so that the peer need not wait for its time-out.
    private func lack(_ index: UInt64, on channel: FeedChannel) -> Int {
        send(.unhave(start: index, length: nil), on: channel)
        return 0
    }
}
