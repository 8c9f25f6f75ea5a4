import Hypercore

/// Feeds of our own: whether a peer has what we have not written (docs/spec/hypercore.md section
/// 7). A store that was copied, or brought back from a backup, would contradict what others have.
extension Engine {
    /// Opens a feed of ours with everybody, to ask.
    func audit(_ feed: Feed) {
        guard !isClosed, feed.isWritable else { return }
        let replication = replication(of: feed)
        guard !replication.isAudited else { return }
        replication.isAudited = true
        replication.isJoined = true
        for peer in peersInOrder { open(replication, with: peer) }
        for channel in replication.channels { want(0, on: channel) }
    }

    /// The peer has told what it has: asks for the proof of the last of it, now and then, and
    /// whenever it is more than we have ourselves.
    func auditIfDue(_ channel: FeedChannel) {
        let replication = channel.replication
        let length = channel.remote.length
        guard replication.isAudited, channel.audit == nil, channel.isOpen, length > 0,
            channel.remoteUploading, channel.remote.has(length - 1),
            replication.feed.refusal == nil
        else { return }
        // Nobody can have more than we, except who writes, too.
        if let last = channel.auditedAt, length <= replication.feed.length {
            guard now - last >= SchedulerLimits.auditPause else { return }
        }
        channel.auditedAt = now
        channel.audit = length - 1
        let ask = beginAsk(on: channel, bytes: SchedulerLimits.answerBytesMin)
        channel.auditSample = ask.sample
        // As if nothing were here: then the answer goes up to the signature.
        send(.request(index: length - 1, bytes: 0, hash: true, nodes: 0), on: channel)
    }

    /// The answer. Throwing drops the peer.
    func receiveAudit(_ block: UInt64, _ proof: Proof, on channel: FeedChannel) throws {
        channel.audit = nil
        let peer = channel.peer
        if let sample = channel.auditSample {
            peer.estimator.answered(sample, bytes: 64 * proof.nodes.count, now: now)
        }
        unbook(SchedulerLimits.answerBytesMin, from: peer)
        peer.answered(now)
        try channel.replication.feed.audit(block, proof: proof)
        if channel.closesAfterAudit { return finish(channel) }
        // It may have told of more meanwhile.
        auditIfDue(channel)
    }

    /// Neither side will ever take a block: a reader of the reference that is not live waits for
    /// this to end its connection (11.8). What the peer has is looked at first.
    func finishOrAudit(_ channel: FeedChannel) {
        let mayTell = channel.replication.isAudited && channel.remoteUploading
        // One of our own kind that takes nothing is a writer as well, and asks just as we do.
        if mayTell, channel.peer.isPolite { return auditIfDue(channel) }
        guard mayTell, channel.auditedAt == nil || channel.audit != nil else {
            return finish(channel)
        }
        channel.closesAfterAudit = true
        auditIfDue(channel)
    }

    private func finish(_ channel: FeedChannel) {
        send(.status(uploading: false, downloading: false), on: channel)
        close(channel)
    }
}
