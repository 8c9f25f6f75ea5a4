import Hypercore

/// Demands come, are met, withdrawn, or run out of time.
extension Engine {
    func demand(
        _ demand: Demand, of feed: Feed, id: DemandID,
        completion: (@Sendable (Result<Void, FeedError>) -> Void)?
    ) {
        if isClosed {
            completion?(.failure(FeedError(.closed, "the network was closed")))
            return
        }
        if feed.isMet(demand.target) {
            completion?(.success(()))
            return
        }
        guard demands.count < SchedulerLimits.demandsMax else {
            completion?(.failure(FeedError(.tooLarge, "too many reads wait for peers")))
            return
        }
        // Who demands wants to read.
        join(feed, toRead: true)
        let wish: ActiveDemand.Wish =
            switch demand.target {
            case .blocks(let range): .blocks(BlockWalk(range))
            case .list(let list): .blocks(BlockWalk(list))
            case .byte(let byte, let range): .byte(byte, within: range)
            case .length(let length): .length(length)
            }
        let active = ActiveDemand(
            id: id, wish: wish, priority: demand.priority, replication: replication(of: feed),
            deadline: demand.timeout.map { now + $0 }, completion: completion)
        demands.insert(active)
        arm(active.deadline)
        // Following has no reader behind it.
        if demand.priority == .foreground, completion != nil { lastForeground = now }
        start(active)
    }

    private func start(_ demand: ActiveDemand) {
        isScatterDue = true
        let replication = demand.replication
        guard let walk = demand.walk else {
            replication.otherDemands.append(demand)
            return markChanged(replication, content: true)
        }
        replication.blockDemands[demand.id] = demand
        guard let low = walk.firstMissing(from: 0, in: replication.feed) else {
            return finish(demand, .success(()))
        }
        demand.low = low
        demand.cursor = low
        replication.waiting[walk.block(at: low), default: []].append(demand)
        demands.enqueue(demand)
    }

    /// The block a demand waited for is here: it waits for the next one, or is met.
    func advance(_ demand: ActiveDemand) {
        guard let walk = demand.walk else { return }
        let replication = demand.replication
        var next = walk.firstMissing(from: demand.low, in: replication.feed)
        if next == nil && demand.low > 0 {
            // Something before may have been cleared meanwhile.
            next = walk.firstMissing(from: 0, in: replication.feed)
            if let again = next, again < demand.low {
                demand.cursor = again
                demands.enqueue(demand)
            }
        }
        guard let next else { return finish(demand, .success(())) }
        demand.low = next
        demand.cursor = max(demand.cursor, next)
        replication.waiting[walk.block(at: next), default: []].append(demand)
    }

    func withdraw(_ id: DemandID) {
        guard let demand = demands[id] else { return }
        finish(demand, .failure(FeedError(.cancelled, "the read was cancelled")))
    }

    /// The last of a demand.
    func finish(_ demand: ActiveDemand, _ result: Result<Void, FeedError>) {
        guard !demand.isDone else { return }
        demand.isDone = true
        demands.remove(demand)
        let replication = demand.replication
        if let low = demand.lowBlock, var waiting = replication.waiting[low] {
            waiting.removeAll { $0 === demand }
            replication.waiting[low] = waiting.isEmpty ? nil : waiting
        }
        replication.blockDemands[demand.id] = nil
        if demand.walk == nil {
            replication.otherDemands.removeAll { $0 === demand }
        }
        if demand.completion == nil {
            for channel in replication.channels where channel.followDemand == demand.id {
                channel.followDemand = nil
                markChanged(replication, content: false)
            }
        }
        demand.completion?(result)
    }

    func expireDemands() {
        for demand in demands.expired(now: now) {
            let who = demand.replication.channels.count
            let feed = demand.replication.feed.key
            let advice =
                who == 0
                ? "no peer is connected; check the key, and that somebody shares it"
                : "none of \(who) connected peers sent it"
            finish(
                demand,
                .failure(FeedError(.timedOut, "blocks of feed \(feed) did not come: \(advice)")))
        }
    }

    /// Peers or their blocks have changed: everything that is not on its way is looked at again.
    func reconsider(_ replication: FeedReplication) {
        for channel in replication.channels { channel.spentDemand = nil }
        isScatterDue = true
        for demand in replication.demandsInOrder where demand.walk != nil {
            demand.cursor = demand.low
            demand.isStarved = false
            demands.enqueue(demand)
        }
    }

    /// New blocks with peers: demands that nobody could serve are looked at again.
    private func feedStarved(_ replication: FeedReplication) {
        let starved = replication.blockDemands.values.filter(\.isStarved)
        for demand in starved.sorted(by: { $0.id.raw < $1.id.raw }) {
            demand.cursor = demand.low
            demand.isStarved = false
            demands.enqueue(demand)
        }
    }

    /// Looks after all feeds that have changed in this turn.
    func reviewChanges() {
        // Reviewing may change feeds again (a followed feed asks for more): a few rounds settle it.
        for _ in 0..<4 where !changed.isEmpty {
            let batch = changed
            changed = []
            for replication in batch {
                if replication.availabilityChanged {
                    feedStarved(replication)
                    // What one peer is late with may be asked from one that has just come.
                    if replication.channels.count > 1 { isHedgeDue = true }
                }
                if replication.contentChanged { replication.measure() }
                replication.availabilityChanged = false
                replication.contentChanged = false
                follow(replication)
                reviewOthers(of: replication)
                dispose(replication)
            }
        }
    }

    /// Demands for lengths and byte positions.
    private func reviewOthers(of replication: FeedReplication) {
        guard !replication.otherDemands.isEmpty else { return }
        for demand in replication.otherDemands where !demand.isDone {
            switch demand.wish {
            case .length(let length): reviewLength(length, demand)
            case .byte(let byte, let range): reviewByte(byte, range, demand)
            case .blocks: break
            }
        }
    }

    private func reviewLength(_ length: UInt64, _ demand: ActiveDemand) {
        let replication = demand.replication
        guard replication.feed.length < length else { return finish(demand, .success(())) }
        // Any answer about a block this high brings a length that is enough.
        let last = length - 1
        for channel in replication.channels {
            let blocks = channel.outstanding.filter { $0.key >= last }.values.map(\.lateAt)
            let hashes = channel.hashes.filter { $0.key >= last }.values.map(\.lateAt)
            guard let lateAt = (blocks + hashes).max(), now < lateAt else { continue }
            return arm(lateAt)
        }
        let idle = replication.channels.filter { channel in
            channel.isOpen && channel.remoteUploading
                && !channel.hashes.contains { $0.key >= last }
                && channel.remote.next(from: last) != nil
        }
        guard let best = fastest(of: idle), let block = best.remote.next(from: last) else { return }
        askHash(of: block, on: best)
    }

    private func reviewByte(_ byte: UInt64, _ range: Range<UInt64>, _ demand: ActiveDemand) {
        let replication = demand.replication
        let needed: Range<UInt64>
        do {
            switch try replication.feed.seek(byte: byte, within: range.isEmpty ? nil : range) {
            case .found: return finish(demand, .success(()))
            case .needs(let blocks): needed = blocks
            }
        } catch {
            // Beyond what is known here: the length has to grow first.
            needed = range
        }
        let isAsked = replication.channels.contains {
            $0.seek.map { $0.byte == byte && now < $0.ask.lateAt } ?? false
                || $0.hashes.contains { needed.contains($0.key) && now < $0.value.lateAt }
        }
        guard !isAsked else { return }
        let idle = replication.channels.filter { channel in
            channel.isOpen && channel.remoteUploading && channel.seek == nil
                && channel.remote.next(from: needed.lowerBound).map {
                    $0 < needed.upperBound || range.isEmpty
                } ?? false
        }
        guard let best = fastest(of: idle),
            let first = best.remote.next(from: needed.lowerBound)
        else { return }
        if !best.soughtBytes.contains(byte) {
            return askSeek(byte, near: first, on: best)
        }
        // It did not find the byte, and does not answer twice: halve the range by hashes.
        let middle = needed.lowerBound + (needed.upperBound - needed.lowerBound) / 2
        guard let block = best.remote.next(from: middle) ?? best.remote.next(from: first),
            best.hashes[block] == nil
        else { return }
        askHash(of: block, on: best)
    }
}
