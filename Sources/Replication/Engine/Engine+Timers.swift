import Hypercore

/// What happens because time passes.
extension Engine {
    func tick() {
        wakeAt = nil
        for peer in peersInOrder {
            do {
                try peer.session.tick(now: now)
                markDirty(peer)
                try checkRequests(of: peer)
                answerUnknown(of: peer)
            } catch {
                drop(peer, error)
            }
        }
        expireDemands()
        for replication in feedsInOrder {
            let isRested = replication.restsUntil.map { $0 <= now } ?? false
            if isRested { replication.endRest() }
            // Lengths and positions that were asked for may be late.
            guard isRested || !replication.otherDemands.isEmpty else { continue }
            markChanged(replication, content: true)
        }
        if let hedgeAt, hedgeAt <= now {
            isHedgeDue = true
            self.hedgeAt = nil
        }
        // When this turn has done its work: what it does may be what the next wake-up was for.
        isRearmDue = true
    }

    /// Sets the next wake-up anew, from all there is to wait for.
    func rearm() {
        isRearmDue = false
        arm(hedgeAt)
        arm(demands.nextExpiry)
        for replication in unannounced { arm(replication.announceAt) }
        for replication in feeds.values { arm(replication.restsUntil) }
        for peer in peers.values {
            arm(peer.session.nextDeadline)
            if peer.requestsInFlight > 0 { arm(peer.waitingSince + requestTimeout) }
            for answerAt in peer.unknown.values { arm(answerAt) }
            for channel in peer.channels.values {
                for ask in channel.hashes.values where ask.lateAt > now { arm(ask.lateAt) }
                if let seek = channel.seek, seek.ask.lateAt > now { arm(seek.ask.lateAt) }
            }
        }
    }

    /// A request that is not answered for the connection's time-out (11.5). A peer that answered
    /// later ones only lacks that block; one that answered nothing is gone.
    private func checkRequests(of peer: PeerState) throws {
        guard peer.requestsInFlight > 0, now - peer.waitingSince >= requestTimeout
        else { return }
        // A large block on a very slow line: it comes, but is not here yet.
        let progress = peer.session.bytesReceived - peer.bytesWhenWaitBegan
        if progress >= SchedulerLimits.progressBytesMin, peer.takeRespite(now) { return }
        var needed = 0
        for channel in peer.channels.values {
            let feed = channel.replication.feed
            for (block, request) in channel.outstanding {
                if feed.has(block) {
                    release(block, of: channel)
                } else if request.sample.sentAt < peer.lastAnswerAt {
                    channel.remote.remove(block..<block + 1)
                    release(block, of: channel)
                } else {
                    needed += 1
                }
            }
            needed += channel.hashes.count
            if channel.seek != nil {
                channel.seek = nil
                unbook(SchedulerLimits.answerBytesMin, from: peer)
            }
        }
        guard needed == 0 else {
            throw SessionError("timeout", "the peer did not answer a request in time")
        }
    }

    private func answerUnknown(of peer: PeerState) {
        for (discoveryKey, answerAt) in peer.unknown where answerAt <= now {
            refuse(discoveryKey, to: peer)
        }
    }
}
