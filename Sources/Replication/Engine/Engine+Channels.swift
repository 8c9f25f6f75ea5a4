import HyperCrypto
import Hypercore

/// Which feeds are open with whom (docs/spec/hypercore.md 11.1, docs/spec/corestore.md section 6).
extension Engine {
    func replication(of feed: Feed) -> FeedReplication {
        if let known = feeds[feed.discoveryKey] {
            if known.feed === feed { return known }
            // It was closed and opened again.
            leave(known.feed)
        }
        lastFeed += 1
        let replication = FeedReplication(feed, number: lastFeed)
        feeds[feed.discoveryKey] = replication
        let mailbox = replication.mailbox
        let discoveryKey = feed.discoveryKey
        replication.observation = feed.observe { [weak self] event in
            guard mailbox.put(event), let self else { return }
            self.executor.execute { [weak self] in self?.takeMail(of: discoveryKey) }
        }
        return replication
    }

    private func takeMail(of discoveryKey: DiscoveryKey) {
        // Most of it was taken in the turn that caused it.
        guard let replication = feeds[discoveryKey], !replication.mailbox.isEmpty else { return }
        turn { mailed.append(replication) }
    }

    /// Opens our side of a feed, unless it is open already.
    func open(_ replication: FeedReplication, with peer: PeerState) {
        guard peer.isEstablished, !peer.isGone,
            peer.channelOf[replication.discoveryKey] == nil,
            peer.channels.count < SchedulerLimits.channelsMax
        else { return }
        peer.unknown[replication.discoveryKey] = nil
        peer.missed.remove(replication.discoveryKey)
        markDirty(peer)
        let feed = replication.feed
        // Fails when the peer could not prove that it knows the key: the session has refused it.
        guard let id = try? peer.session.open(feed.key, extensions: names(of: feed)) else {
            return
        }
        let channel = FeedChannel(id: id, peer: peer, replication: replication)
        peer.channels[id] = channel
        peer.channelOf[replication.discoveryKey] = channel
        guard peer.session.isOpen(id) else { return }
        // The remote was waiting. It will tell what it has when it hears of us; but if it takes
        // refusals lightly it can be asked at once, which saves a round trip.
        channel.isHopeful = peer.isPolite
        bothOpen(channel)
    }

    /// The remote opened a feed that we have not opened with it.
    func opened(_ discoveryKey: DiscoveryKey, by peer: PeerState) throws {
        try charge(peer, SchedulerLimits.openingCost)
        guard peer.isEstablished else {
            if peer.held.count < SchedulerLimits.unknownKeysMax { peer.held.append(discoveryKey) }
            return
        }
        if let known = feeds[discoveryKey] { return open(known, with: peer) }
        guard peer.lookups.take(now: now) else {
            return refuse(discoveryKey, to: peer)
        }
        if let feed = directory.feed(discoveryKey: discoveryKey) {
            let replication = replication(of: feed)
            replication.isForPeers = true
            return open(replication, with: peer)
        }
        guard peer.unknown.count < SchedulerLimits.unknownKeysMax else {
            return refuse(discoveryKey, to: peer)
        }
        // A reader learns a content feed's key only after its server has opened it.
        let reads = peer.channels.values.contains { $0.replication.isJoined }
        guard reads else { return refuse(discoveryKey, to: peer) }
        let answerAt = now + SchedulerLimits.unknownKeyGrace
        peer.unknown[discoveryKey] = answerAt
        arm(answerAt)
    }

    func refuse(_ discoveryKey: DiscoveryKey, to peer: PeerState) {
        peer.unknown[discoveryKey] = nil
        if peer.missed.count < SchedulerLimits.unknownKeysMax { peer.missed.insert(discoveryKey) }
        peer.session.refuse(discoveryKey)
        markDirty(peer)
    }

    /// Our extensions on a feed's channel; the last one only says who we are.
    func names(of feed: Feed) -> [String] { feed.extensionNames + [PeerState.politeExtension] }

    /// Both sides know the feed: tell what we have, ask what they have.
    func bothOpen(_ channel: FeedChannel) {
        guard !channel.isOpen else { return }
        channel.isOpen = true
        let replication = channel.replication
        replication.channels.append(channel)
        countPeers(replication)
        let feed = replication.feed
        if feed.isWritable { send(.status(uploading: true, downloading: false), on: channel) }
        greet(channel)
        if !feed.isWritable || replication.isAudited { want(0, on: channel) }
        markChanged(replication, content: false)
        for companion in directory.companions(of: feed) {
            open(self.replication(of: companion), with: channel.peer)
        }
    }

    /// Says unasked what we have, so that a reader can ask at once instead of sending a Want first.
    private func greet(_ channel: FeedChannel) {
        let feed = channel.replication.feed
        let length = feed.length
        guard length > 0 else { return }
        let start = feed.firstMissing(in: 0..<length) ?? length
        if start > 0 {
            send(.have(start: 0, length: start, bitfield: nil, ack: nil), on: channel)
        }
        if start < length, feed.has(length - 1) {
            send(.have(start: length - 1, length: nil, bitfield: nil, ack: nil), on: channel)
        }
    }

    /// The remote has closed it, or was never willing.
    func closed(_ channel: FeedChannel) {
        let peer = channel.peer
        peer.channels[channel.id] = nil
        if peer.channelOf[channel.replication.discoveryKey] === channel {
            peer.channelOf[channel.replication.discoveryKey] = nil
        }
        peer.queue.removeAll(of: channel)
        remove(channel)
    }

    /// We close it.
    func close(_ channel: FeedChannel) {
        channel.peer.session.close(channel.id)
        markDirty(channel.peer)
        closed(channel)
    }

    /// Takes a channel out of its feed; what was asked on it is asked from others.
    func remove(_ channel: FeedChannel) {
        let replication = channel.replication
        releaseAll(of: channel)
        channel.isOpen = false
        replication.channels.removeAll { $0 === channel }
        countPeers(replication)
        markChanged(replication, content: false)
    }

    private func countPeers(_ replication: FeedReplication) {
        let count = replication.channels.count
        peerCounts.withLock { $0[replication.discoveryKey] = count > 0 ? count : nil }
    }

    // -- joining and leaving

    /// `toRead`: somebody asks for blocks. Without, a feed that was opened for a peer's sake is not
    /// shown to the others.
    func join(_ feed: Feed, following: Bool = false, toRead: Bool) {
        guard !isClosed else { return }
        let replication = replication(of: feed)
        if following && !replication.isFollowed {
            replication.isFollowed = true
            markChanged(replication, content: true)
        }
        // A writer has nothing to read: it waits for others to open the feed.
        guard !feed.isWritable, toRead || !replication.isForPeers else {
            return available(replication)
        }
        guard !replication.isJoined else { return }
        replication.isJoined = true
        for peer in peersInOrder { open(replication, with: peer) }
    }

    /// Opens a feed with those who asked for it before it was here.
    func available(_ replication: FeedReplication) {
        for peer in peersInOrder
        where peer.missed.contains(replication.discoveryKey)
            || peer.unknown[replication.discoveryKey] != nil
        {
            open(replication, with: peer)
        }
    }

    func leave(_ feed: Feed) {
        guard let replication = feeds[feed.discoveryKey] else { return }
        replication.isJoined = false
        replication.isFollowed = false
        replication.isAudited = false
        let error = FeedError(.closed, "the feed \(feed.key) was closed")
        for demand in replication.demandsInOrder {
            finish(demand, .failure(error))
        }
        for peer in peersInOrder {
            if let channel = peer.channelOf[replication.discoveryKey] { close(channel) }
        }
        dispose(replication)
    }

    /// Nobody is interested in it any more, but for those who wait for blocks just now.
    func release(_ feed: Feed) {
        guard let replication = feeds[feed.discoveryKey], replication.feed === feed else { return }
        replication.isFollowed = false
        replication.isAudited = false
        // Following has no reader behind it.
        let released = FeedError(.cancelled, "the feed \(feed.key) is not followed any more")
        for demand in replication.demandsInOrder where demand.completion == nil {
            finish(demand, .failure(released))
        }
        guard replication.demandsInOrder.isEmpty else { return }
        replication.isJoined = false
        for peer in peersInOrder {
            if let channel = peer.channelOf[replication.discoveryKey] { close(channel) }
        }
        dispose(replication)
    }

    /// Forgets a feed that nobody needs.
    func dispose(_ replication: FeedReplication) {
        guard replication.isUnused, feeds[replication.discoveryKey] === replication else { return }
        let isOpening = peers.values.contains {
            $0.channelOf[replication.discoveryKey] != nil
        }
        guard !isOpening else { return }
        if let observation = replication.observation {
            replication.feed.stopObserving(observation)
        }
        feeds[replication.discoveryKey] = nil
    }
}
