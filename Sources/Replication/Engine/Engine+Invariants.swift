import Hypercore

/// What must hold between turns, for tests: every book kept twice agrees.
extension Engine {
    /// One sentence for each contradiction; empty when all is well.
    func violations() -> [String] {
        var found: [String] = []
        for peer in peersInOrder { check(peer, &found) }
        for replication in feedsInOrder { check(replication, &found) }
        for demand in demands.all where demand.isDone {
            found.append("a finished demand is still in the table")
        }
        if !changed.isEmpty { found.append("changes wait for a turn that may never come") }
        if !dirty.isEmpty { found.append("output waits for a turn that may never come") }
        return found
    }

    private func check(_ peer: PeerState, _ found: inout [String]) {
        var bytes = 0
        var requests = 0
        for channel in peer.channels.values {
            let single = (channel.seek == nil ? 0 : 1) + (channel.audit == nil ? 0 : 1)
            let asks = channel.hashes.count + single
            requests += channel.outstanding.count + asks
            bytes += channel.outstanding.values.reduce(0) { $0 + $1.bytes }
            bytes += asks * SchedulerLimits.answerBytesMin
            if channel.isOpen != channel.replication.channels.contains(where: { $0 === channel }) {
                found.append("a channel and its feed disagree on whether it is open")
            }
        }
        if requests != peer.requestsInFlight || bytes != peer.bytesInFlight {
            found.append(
                "peer \(peer.id.raw): \(requests) requests of \(bytes) bytes are in flight, "
                    + "\(peer.requestsInFlight) of \(peer.bytesInFlight) are booked")
        }
        if !peer.queue.isEmpty, peer.takesOutput, !peer.isInServeRing {
            found.append("peer \(peer.id.raw): asked, reads, and is not served")
        }
    }

    private func check(_ replication: FeedReplication, _ found: inout [String]) {
        var holders: [UInt64: UInt8] = [:]
        for channel in replication.channels {
            for block in channel.outstanding.keys { holders[block, default: 0] += 1 }
        }
        if holders != replication.reserved {
            found.append("blocks on their way and blocks reserved differ")
        }
        let waiting = replication.waiting.values.flatMap { $0 }
        if waiting.count != replication.blockDemands.count {
            found.append("\(replication.blockDemands.count) demands, \(waiting.count) wait")
        }
        for (block, demands) in replication.waiting {
            if replication.feed.has(block), replication.mailbox.isEmpty {
                found.append("somebody waits for block \(block), which is here")
            }
            for demand in demands where demand.lowBlock != block {
                found.append("a demand waits for block \(block) under another name")
            }
            // Nobody is left behind: a block somebody offers is on its way or has its turn coming.
            let isOffered = replication.channels.contains { $0.offers(block) }
            let isIdle = demands.contains { !$0.isQueued }
            if isOffered, isIdle, replication.reserved[block] == nil {
                found.append("block \(block) is offered, wanted, and nobody is asked")
            }
        }
    }
}

extension Replicator {
    /// What contradicts itself, for the simulations.
    package func violations() -> [String] { engine.violations() }
}
