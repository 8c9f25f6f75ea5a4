import Hypercore

/// Whole copies, for which nobody waits: in no order, the rarest of a few random pieces first, from
/// everybody at once, and from each no more than it was seen to deliver in a moment.
///
/// A crowd that fetched in order, each from the quickest peer, would ask its one source for the
/// same blocks, and then have nothing to give to each other.
extension Engine {
    /// Whether a demand is fetched like that. One peer alone is asked for small blocks in their
    /// order: their proofs are shorter then, and there is nobody to share them with.
    func isScattered(_ demand: ActiveDemand) -> Bool {
        let replication = demand.replication
        return demand.priority == .background
            && (replication.channels.count > 1
                || replication.typicalBytes >= SchedulerLimits.scatterAloneBytesMin)
    }

    /// Gives a demand its turn with all peers.
    func scatter(_ demand: ActiveDemand) -> IssueOutcome {
        guard let walk = demand.walk else { return .exhausted }
        guard isScatterDue else { return .blocked }
        let replication = demand.replication
        let count = replication.channels.count
        let crowd = crowd(of: replication)
        var issued = 0
        var isBlocked = false
        scatterTurn &+= 1
        for offset in 0..<count {
            let channel = replication.channels[(offset + scatterTurn) % count]
            guard channel.isOpen, channel.remoteUploading, channel.spentDemand != demand.id else {
                continue
            }
            if channel.remote.length < replication.feed.length {
                want(channel.remote.length, on: channel)
            }
            while true {
                let window = copyWindow(of: channel, crowd)
                guard channel.peer.hasRoom(replication.requestBytes, window: window) else { break }
                guard issued < SchedulerLimits.blocksPerTurn else { return .more }
                guard let block = pick(for: demand, walk, from: channel, crowd) else { break }
                request(block, on: channel, window: window)
                issued += 1
            }
            if channel.spentDemand != demand.id { isBlocked = true }
        }
        guard !isBlocked else { return .blocked }
        // All that anybody has is on its way. Who is late with it need not be waited for.
        demand.isStarved = true
        isHedgeDue = true
        return .exhausted
    }

    /// What a crowd asks of the peer that has everything, each of them must ask a part of.
    private func copyWindow(of channel: FeedChannel, _ crowd: Crowd) -> Int {
        let window = channel.peer.copyWindow(whileReading: isReading)
        return channel.replication.isSource(channel) ? window / (crowd.count + 1) : window
    }

    /// What to ask of a peer: the rest of the piece it is at, or the rarest of a few.
    private func pick(
        for demand: ActiveDemand, _ walk: BlockWalk, from channel: FeedChannel, _ crowd: Crowd
    ) -> UInt64? {
        if let piece = channel.piece,
            case .block(let position) = search(walk, piece, on: channel)
        {
            return walk.block(at: position)
        }
        channel.piece = nil
        if let position = pickUnspread(for: demand, walk, from: channel, crowd) {
            return begin(position, walk, on: channel)
        }
        var best: (rarity: Int, position: UInt64)?
        for _ in 0..<SchedulerLimits.scatterSamples {
            let start = random.uint64() % walk.count
            var found = search(walk, start..<walk.count, on: channel)
            if case .none = found { found = search(walk, 0..<start, on: channel) }
            switch found {
            case .block(let position):
                let block = walk.block(at: position)
                let rarity = demand.replication.channels.count { $0.remote.has(block) }
                if best.map({ rarity < $0.rarity }) ?? true { best = (rarity, position) }
            case .none:
                channel.spentDemand = demand.id
                return nil
            case .unknown: break
            }
            // Nobody else has it: there is nothing rarer.
            if let best, best.rarity <= 1 { break }
        }
        return best.map { begin($0.position, walk, on: channel) }
    }

    /// Begins a piece at a position; returns its block.
    private func begin(_ position: UInt64, _ walk: BlockWalk, on channel: FeedChannel) -> UInt64 {
        let length = channel.replication.blocksPerPiece
        channel.piece = position..<min(walk.count, (position / length + 1) * length)
        return walk.block(at: position)
    }

    /// What to ask of a peer that has everything, while others lack most of it as we do: a piece
    /// that only such peers have, and one that falls to us rather than to others, or in the end all
    /// would ask for the same few.
    private func pickUnspread(
        for demand: ActiveDemand, _ walk: BlockWalk, from channel: FeedChannel, _ crowd: Crowd
    ) -> UInt64? {
        let replication = demand.replication
        guard crowd.count > 0, replication.isSource(channel) else { return nil }
        let length = replication.blocksPerPiece
        var best: (rank: Int, position: UInt64)?
        var position = random.uint64() % walk.count
        var end = walk.count
        for _ in 0..<SchedulerLimits.scatterScan {
            guard let missing = walk.firstMissing(from: position, in: replication.feed),
                missing < end
            else {
                guard end == walk.count, position > 0 else { break }
                (position, end) = (0, position)
                continue
            }
            position = missing + 1
            let block = walk.block(at: missing)
            if replication.reserved[block] != nil || replication.isSpread(block) { continue }
            let rank = crowd.rank(of: missing / length)
            if best.map({ rank < $0.rank }) ?? true { best = (rank, missing) }
            if rank == 0 { break }
        }
        return best?.position
    }

    /// Those who lack blocks of a feed as we do.
    private func crowd(of replication: FeedReplication) -> Crowd {
        var crowd = Crowd(of: configuration.staticKey.publicKey)
        for channel in replication.channels where !replication.isSource(channel) {
            if let key = channel.peer.session.remoteKey { crowd.add(key) }
        }
        return crowd
    }

    private enum Found {
        case block(UInt64)
        case none
        /// It was not looked any further.
        case unknown
    }

    /// The first position of a range whose block the peer has, and we neither have nor have asked
    /// for.
    private func search(
        _ walk: BlockWalk, _ range: Range<UInt64>, on channel: FeedChannel
    ) -> Found {
        let replication = channel.replication
        var position = range.lowerBound
        for _ in 0..<SchedulerLimits.scatterSteps {
            guard let missing = walk.firstMissing(from: position, in: replication.feed),
                missing < range.upperBound
            else { return .none }
            let block = walk.block(at: missing)
            if !channel.offers(block) {
                let next = channel.remote.next(from: block) ?? .max
                position = walk.position(after: missing, notBelow: next)
            } else if replication.reserved[block] != nil {
                position = missing + 1
            } else {
                return .block(missing)
            }
        }
        return .unknown
    }
}
