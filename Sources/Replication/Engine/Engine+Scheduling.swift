import Hypercore

/// Who is asked for what (DESIGN.md section 3, docs/spec/hypercore.md 11.5).
extension Engine {
    /// Gives every queued demand its turn, the urgent ones first, while peers have room.
    func schedule() {
        for priority in [Demand.Priority.foreground, .readAhead, .background] {
            var blocked: [ActiveDemand] = []
            while blocked.count < SchedulerLimits.blockedDemandsMax,
                let demand = demands.next(priority)
            {
                switch issue(demand) {
                case .more: demands.enqueue(demand)
                case .blocked: blocked.append(demand)
                case .exhausted: break
                }
                if priority != .foreground && !anyRoom(priority) { break }
            }
            // They come behind those that did not get a turn.
            for demand in blocked { demands.enqueue(demand) }
        }
        isScatterDue = false
    }

    enum IssueOutcome {
        /// It got its share of this turn.
        case more
        /// Whoever has its blocks has no room.
        case blocked
        /// All is on its way, or nobody has the rest.
        case exhausted
    }

    enum Choice {
        case ask(FeedChannel)
        case wait
        case nobody
    }

    private func issue(_ demand: ActiveDemand) -> IssueOutcome {
        if isScattered(demand) { return scatter(demand) }
        guard let walk = demand.walk else { return .exhausted }
        let replication = demand.replication
        var position = demand.cursor
        var firstBlocked: UInt64?
        var issued = 0
        var steps = 0
        while let missing = walk.firstMissing(from: position, in: replication.feed) {
            steps += 1
            guard steps <= SchedulerLimits.walkStepsMax, issued < SchedulerLimits.blocksPerTurn
            else {
                demand.cursor = firstBlocked ?? missing
                return firstBlocked == nil ? .more : .blocked
            }
            let block = walk.block(at: missing)
            position = missing + 1
            let mayHedge = demand.priority == .foreground && replication.channels.count > 1
            if replication.reserved[block] != nil {
                if mayHedge { noteLateness(of: block, in: replication) }
                continue
            }
            switch choose(block, of: replication, priority: demand.priority) {
            case .ask(let channel):
                request(block, on: channel)
                if mayHedge { noteLateness(of: block, in: replication) }
                issued += 1
            case .wait:
                firstBlocked = firstBlocked ?? missing
                // A full peer: others may have later blocks, but do not look too far.
                let isHopeless = replication.channels.count == 1
                if isHopeless || steps > SchedulerLimits.blocksPerTurn {
                    steps = SchedulerLimits.walkStepsMax
                }
            case .nobody:
                demand.isStarved = true
                position = passOver(block, at: missing, walk, replication)
            }
        }
        demand.cursor = firstBlocked ?? walk.count
        return firstBlocked == nil ? .exhausted : .blocked
    }

    /// Nobody has a block: asks those who may, and finds where to go on.
    private func passOver(
        _ block: UInt64, at position: UInt64, _ walk: BlockWalk, _ replication: FeedReplication
    ) -> UInt64 {
        var next: UInt64?
        for channel in replication.channels where channel.remoteUploading {
            if block < channel.remote.length { want(block, on: channel) }
            if let found = channel.remote.next(from: block) {
                next = min(next ?? found, found)
            }
        }
        guard let next else { return walk.position(after: position, notBelow: .max) }
        return walk.position(after: position, notBelow: next)
    }

    /// The peer that will deliver a block first, if it has room; a slower one only when it pays.
    func choose(
        _ block: UInt64, of replication: FeedReplication, priority: Demand.Priority,
        besides holders: [FeedChannel] = []
    ) -> Choice {
        let bytes = replication.requestBytes
        let whileReading = isReading
        var best: (delay: Duration, channel: FeedChannel?) = (.seconds(1 << 30), nil)
        var free = best
        for channel in replication.channels where channel.offers(block) {
            if !holders.isEmpty, channel.outstanding[block] != nil { continue }
            let peer = channel.peer
            let delay = peer.expectedDelay(ofBytes: bytes)
            if delay < best.delay { best = (delay, channel) }
            if delay < free.delay,
                peer.hasRoom(for: priority, bytes: bytes, whileReading: whileReading)
            {
                free = (delay, channel)
            }
        }
        guard best.channel != nil else { return .nobody }
        guard let channel = free.channel else { return .wait }
        return priority == .background || free.delay <= best.delay * 2 ? .ask(channel) : .wait
    }

    /// Whether somebody reads right now, so that background work leaves room.
    var isReading: Bool {
        lastForeground.map { now - $0 < .seconds(1) } ?? false
    }

    private func anyRoom(_ priority: Demand.Priority) -> Bool {
        let whileReading = isReading
        return peers.values.contains {
            $0.hasRoom(
                for: priority, bytes: SchedulerLimits.answerBytesMin, whileReading: whileReading)
        }
    }

    /// The quickest of some channels.
    func fastest(of channels: [FeedChannel]) -> FeedChannel? {
        channels.min { $0.peer.expectedDelay(ofBytes: 0) < $1.peer.expectedDelay(ofBytes: 0) }
    }

    // -- requests

    /// - Parameter window: of which it takes its part; `nil` = the peer's whole window.
    func request(_ block: UInt64, on channel: FeedChannel, window: Int? = nil) {
        let replication = channel.replication
        let bytes = replication.requestBytes
        let ask = beginAsk(on: channel, bytes: bytes, window: window)
        channel.outstanding[block] = FeedChannel.Outstanding(
            sample: ask.sample, bytes: bytes, lateAt: ask.lateAt)
        replication.reserve(block)
        totals.requested &+= 1
        let digest = replication.feed.digest(for: block)
        send(.request(index: block, bytes: 0, hash: false, nodes: digest), on: channel)
    }

    func askHash(of block: UInt64, on channel: FeedChannel) {
        channel.hashes[block] = beginAsk(on: channel, bytes: SchedulerLimits.answerBytesMin)
        arm(channel.hashes[block]?.lateAt)
        let digest = channel.replication.feed.digest(for: block)
        send(.request(index: block, bytes: 0, hash: true, nodes: digest), on: channel)
    }

    func askSeek(_ byte: UInt64, near block: UInt64, on channel: FeedChannel) {
        let ask = beginAsk(on: channel, bytes: SchedulerLimits.answerBytesMin)
        channel.seek = (byte, ask)
        channel.soughtBytes.insert(byte)
        if channel.soughtBytes.count > SchedulerLimits.blockedDemandsMax {
            channel.soughtBytes = [byte]
        }
        arm(ask.lateAt)
        let digest = channel.replication.feed.digest(for: block)
        send(.request(index: block, bytes: byte, hash: true, nodes: digest), on: channel)
    }

    /// Books a request into its peer's window.
    func beginAsk(
        on channel: FeedChannel, bytes: Int, window: Int? = nil
    ) -> FeedChannel.Ask {
        let peer = channel.peer
        // The last that fits into a window makes it busy, however small it is.
        let inFlight = peer.bytesInFlight + (window == nil ? 0 : bytes)
        let sample = peer.estimator.sent(
            bytesInFlight: peer.bytesInFlight,
            wasBusy: inFlight * 2 >= window ?? peer.estimator.windowBytes, now: now)
        let delay = peer.estimator.expectedDelay(ofBytes: peer.bytesInFlight + bytes)
        if peer.requestsInFlight == 0 {
            peer.beginWait(now)
            arm(now + requestTimeout)
        }
        peer.bytesInFlight += bytes
        peer.requestsInFlight += 1
        let lateAt = now + delay * SchedulerLimits.lateFactor + SchedulerLimits.lateSlack
        return FeedChannel.Ask(sample: sample, lateAt: lateAt)
    }
}
