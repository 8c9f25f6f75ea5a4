import Hypercore

/// Blocks and hashes that arrive: verified, stored, handed to those who wait.
extension Engine {
    func receive(
        _ index: UInt64, _ value: [UInt8], _ proof: Proof, on channel: FeedChannel
    ) throws {
        let peer = channel.peer
        let replication = channel.replication
        guard let request = channel.outstanding.removeValue(forKey: index) else {
            return try refuseUnsolicited(index, on: channel)
        }
        let cost = value.count + 64 * proof.nodes.count
        peer.estimator.answered(request.sample, bytes: cost, now: now)
        unbook(request.bytes, from: peer)
        peer.answered(now)
        replication.release(index)
        // A block that was asked twice comes twice.
        guard !replication.feed.has(index) else { return stored(index, in: replication) }
        do {
            try replication.feed.put(
                index, value: value, proof: proof, passes: replication.isAwaited(index))
        } catch let error as FeedError where error.isDiskFull {
            return restUnread(replication, error)
        } catch let error as FeedError where !error.isThePeersFault {
            return rest(replication, error)
        } catch {
            // The peer goes; this block is not among what it still owes.
            totals.rejected &+= 1
            reconsider(replication)
            throw error
        }
        peer.disappointments = max(0, peer.disappointments - 1)
        if channel.wantsAcks {
            send(.have(start: index, length: 1, bitfield: nil, ack: true), on: channel)
        }
        channel.statistics.downloaded(value.count)
        replication.statistics.downloaded(value.count)
        totals.received &+= 1
        totals.receivedBytes &+= UInt64(value.count)
        stored(index, in: replication)
    }

    func receiveHashes(_ index: UInt64, _ proof: Proof, on channel: FeedChannel) throws {
        let peer = channel.peer
        if channel.audit == index {
            return try receiveAudit(index, proof, on: channel)
        }
        let cost = 64 * proof.nodes.count
        if let ask = channel.hashes.removeValue(forKey: index) {
            peer.estimator.answered(ask.sample, bytes: cost, now: now)
        } else if let seek = channel.seek {
            // Its index is the block that holds the byte: not known beforehand.
            channel.seek = nil
            peer.estimator.answered(seek.ask.sample, bytes: cost, now: now)
        } else {
            return try refuseUnsolicited(index, on: channel)
        }
        unbook(SchedulerLimits.answerBytesMin, from: peer)
        peer.answered(now)
        do {
            try channel.replication.feed.put(index, value: nil, proof: proof)
        } catch let error as FeedError where !error.isThePeersFault {
            return rest(channel.replication, error)
        }
        markChanged(channel.replication, content: true)
    }

    /// Answers what was not asked for, as 11.5 says; a stream of it ends the connection.
    private func refuseUnsolicited(_ index: UInt64, on channel: FeedChannel) throws {
        channel.peer.unsolicited += 1
        guard channel.peer.unsolicited <= SchedulerLimits.unsolicitedMax else {
            throw SessionError("flood", "the peer keeps sending blocks nobody asked for")
        }
        if channel.isSubscribed, !channel.replication.feed.has(index) {
            send(.unhave(start: index, length: nil), on: channel)
        }
    }

    /// One request less is in flight with a peer.
    func unbook(_ bytes: Int, from peer: PeerState) {
        peer.bytesInFlight -= bytes
        peer.requestsInFlight -= 1
        isScatterDue = true
        peer.beginWait(now)
    }

    /// A block is here: who waited for it goes on to the next one it lacks.
    func stored(_ block: UInt64, in replication: FeedReplication) {
        markChanged(replication, content: true)
        guard let waiting = replication.waiting.removeValue(forKey: block) else { return }
        for demand in waiting where !demand.isDone { advance(demand) }
    }

    /// Blocks that came another way: an append, an import, another thread.
    func stored(_ range: Range<UInt64>, in replication: FeedReplication) {
        markChanged(replication, content: true)
        if range.count <= replication.waiting.count {
            for block in range { stored(block, in: replication) }
        } else {
            for block in replication.waiting.keys where range.contains(block) {
                stored(block, in: replication)
            }
        }
    }

    /// A request will not be answered: the block may be asked from others.
    func release(_ block: UInt64, of channel: FeedChannel) {
        guard let request = channel.outstanding.removeValue(forKey: block) else { return }
        unbook(request.bytes, from: channel.peer)
        channel.replication.release(block)
        reconsider(channel.replication)
    }

    func releaseAll(of channel: FeedChannel) {
        let peer = channel.peer
        let replication = channel.replication
        guard !channel.isIdle else { return }
        for (block, request) in channel.outstanding {
            unbook(request.bytes, from: peer)
            replication.release(block)
        }
        channel.outstanding = [:]
        let asks =
            channel.hashes.count + (channel.seek == nil ? 0 : 1) + (channel.audit == nil ? 0 : 1)
        for _ in 0..<asks { unbook(SchedulerLimits.answerBytesMin, from: peer) }
        channel.hashes = [:]
        channel.seek = nil
        channel.audit = nil
        reconsider(replication)
    }

    /// The disk failed, or the author forked the feed: no peer's fault. Who waits is told, or the
    /// block would be fetched for ever; following goes on later.
    private func rest(_ replication: FeedReplication, _ error: FeedError) {
        replication.restsUntil = now + SchedulerLimits.restAfterFailure
        arm(replication.restsUntil)
        for demand in replication.demandsInOrder {
            finish(demand, .failure(error))
        }
    }
}

extension Engine {
    /// The disk is full: who reads goes on, from memory; who collects is told.
    private func restUnread(_ replication: FeedReplication, _ error: FeedError) {
        replication.restsUntil = now + SchedulerLimits.restAfterFailure
        arm(replication.restsUntil)
        for demand in replication.demandsInOrder where !replication.mayPass(demand) {
            finish(demand, .failure(error))
        }
        reconsider(replication)
    }
}

extension FeedReplication {
    /// Whether a reader waits for the block.
    fileprivate func isAwaited(_ block: UInt64) -> Bool {
        blockDemands.values.contains { demand in
            mayPass(demand) && demand.walk?.bounds?.contains(block) == true
        }
    }

    /// Whether all it asks for finds room in memory at once, and somebody reads it then.
    fileprivate func mayPass(_ demand: ActiveDemand) -> Bool {
        guard demand.priority > .background else { return false }
        guard let count = demand.walk?.count else { return true }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(typicalBytes))
        return !overflow && bytes <= UInt64(Limits.passingBytes / 2)
    }
}

extension FeedError {
    /// Lies and impossible sizes; everything else happened here, or is the author's doing.
    fileprivate var isThePeersFault: Bool { code == .unverified || code == .tooLarge }
}
