import Hypercore

/// Late foreground blocks are asked from a second peer, and from a third (DESIGN.md section 3).
extension Engine {
    /// A reader waits for a block that is on its way: notes when it will be late.
    func noteLateness(of block: UInt64, in replication: FeedReplication) {
        for channel in replication.channels {
            guard let lateAt = channel.outstanding[block]?.lateAt else { continue }
            // What is late already is looked at in this turn's end.
            if lateAt <= now { isHedgeDue = true }
            if lateAt <= now || hedgeAt.map({ $0 <= lateAt }) ?? false { continue }
            hedgeAt = lateAt
            arm(lateAt)
        }
    }

    /// Looks at what readers wait for, asks anew for what is late, and arranges the next look.
    func hedge() {
        isHedgeDue = false
        let readers = demands.all.filter {
            // A copy only waits for somebody once all the rest is asked for.
            ($0.priority == .foreground || $0.priority == .background && $0.isStarved)
                && $0.replication.channels.count > 1
        }
        var next: ContinuousClock.Instant?
        for demand in readers.sorted(by: { $0.id.raw < $1.id.raw }) {
            guard let walk = demand.walk else { continue }
            var position = demand.low
            for _ in 0..<SchedulerLimits.blocksPerTurn {
                guard
                    let missing = walk.firstMissing(from: position, in: demand.replication.feed)
                else { break }
                position = missing + 1
                let lateAt = hedge(walk.block(at: missing), of: demand.replication)
                if let lateAt { next = min(next ?? lateAt, lateAt) }
            }
        }
        hedgeAt = next
        arm(next)
    }

    /// Returns when the block will be late, or when to try again.
    private func hedge(
        _ block: UInt64, of replication: FeedReplication
    ) -> ContinuousClock.Instant? {
        guard replication.reserved[block] != nil else { return nil }
        let holders = replication.channels.filter { $0.outstanding[block] != nil }
        guard let lateAt = holders.compactMap({ $0.outstanding[block]?.lateAt }).max() else {
            return nil
        }
        guard lateAt <= now else { return lateAt }
        for holder in holders { holder.peer.isStalled = true }
        guard holders.count < SchedulerLimits.holdersMax else { return nil }
        switch choose(block, of: replication, priority: .foreground, besides: holders) {
        case .ask(let channel):
            request(block, on: channel)
            return channel.outstanding[block]?.lateAt
        case .wait: return now + SchedulerLimits.lateSlack
        case .nobody: return nil
        }
    }
}
