import Hypercore

/// Telling peers what is new here (docs/spec/hypercore.md 11.2): joined into ranges, never one
/// frame per block to somebody who does not care.
extension Engine {
    /// Takes what feeds have reported, from whatever thread.
    func collectMail() {
        // Blocks stored in this turn are in mailboxes whose wake-up is still on its way.
        let candidates = mailed + changed
        mailed = []
        for replication in candidates {
            guard let mail = replication.mailbox.take() else { continue }
            take(mail, of: replication)
        }
    }

    private func take(_ mail: EventMailbox.Contents, of replication: FeedReplication) {
        var mail = mail
        let isUnknown = mail.stored.overflowed || mail.cleared.overflowed
        for range in mail.stored.take() {
            stored(range, in: replication)
            replication.news.insert(range)
        }
        if isUnknown {
            for block in replication.waiting.keys where replication.feed.has(block) {
                stored(block, in: replication)
            }
            for channel in replication.channels where channel.isSubscribed { refresh(channel) }
        }
        for range in mail.cleared.take() { announceCleared(range, of: replication) }
        if mail.grewTo != nil { markChanged(replication, content: true) }
        guard !replication.news.isEmpty, replication.announceAt == nil else { return }
        // What we wrote ourselves is news to everybody; what we fetched can wait a little.
        let wait = replication.feed.isWritable ? .zero : SchedulerLimits.announceInterval
        replication.announceAt = now + wait
        unannounced.append(replication)
        if wait > .zero { arm(replication.announceAt) }
    }

    private func announceCleared(_ range: Range<UInt64>, of replication: FeedReplication) {
        for channel in replication.channels where channel.isSubscribed {
            let length = range.upperBound - range.lowerBound
            send(.unhave(start: range.lowerBound, length: length), on: channel)
        }
    }

    /// Announces what is due.
    func announceDue() {
        guard !unannounced.isEmpty else { return }
        unannounced.removeAll { replication in
            guard let at = replication.announceAt, at <= now else { return false }
            replication.announceAt = nil
            announce(replication)
            return true
        }
    }

    private func announce(_ replication: FeedReplication) {
        let overflowed = replication.news.overflowed
        let ranges = replication.news.take()
        for channel in replication.channels where channel.isSubscribed {
            if !channel.peer.takesOutput {
                channel.missedAnnouncements = true
            } else if overflowed {
                refresh(channel)
            } else {
                for range in ranges where !channel.remote.hasAll(range) {
                    let length = range.upperBound - range.lowerBound
                    send(
                        .have(
                            start: range.lowerBound, length: length == 1 ? nil : length,
                            bitfield: nil, ack: nil),
                        on: channel)
                }
            }
        }
    }

    /// Tells a peer anew all that we have, as if it had asked: a few Wants' worth.
    func refresh(_ channel: FeedChannel) {
        let ranges = 1 + channel.replication.feed.length / SchedulerLimits.wantBlocks
        for number in 0..<min(ranges, UInt64(SchedulerLimits.wantsOutstandingMax)) {
            let start = number * SchedulerLimits.wantBlocks
            _ = channel.peer.queue.append(
                .want(channel, start: start, length: SchedulerLimits.wantBlocks))
        }
        enterServeRing(channel.peer)
    }
}
