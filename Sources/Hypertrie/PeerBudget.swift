import Hypercore

/// How many blocks each peer may have named to it: a bucket that fills with time, in milliseconds.
struct PeerBudget {
    private var byPeer: [PeerID: (blocks: UInt64, time: UInt64)] = [:]

    /// Whether a request of the peer is worked on.
    mutating func admits(_ peer: PeerID, at now: UInt64) -> Bool {
        if byPeer[peer] == nil, byPeer.count >= OwnLimits.peersRememberedMax {
            // Who was silent longest has a full bucket again, or the machine is under siege.
            byPeer = byPeer.filter { now < $0.value.time + 5000 }
            if byPeer.count >= OwnLimits.peersRememberedMax { return false }
        }
        let last = byPeer[peer] ?? (OwnLimits.peerBurstBlocks, now)
        let gained = (now - min(last.time, now)) * OwnLimits.peerBlocksPerSecond / 1000
        let blocks = min(
            last.blocks + min(gained, OwnLimits.peerBurstBlocks), OwnLimits.peerBurstBlocks)
        byPeer[peer] = (blocks, now)
        return blocks >= OwnLimits.requestCostMin
    }

    /// What the request has cost.
    mutating func charge(_ peer: PeerID, blocks: Int) {
        let cost = max(UInt64(blocks), OwnLimits.requestCostMin)
        guard let last = byPeer[peer] else { return }
        byPeer[peer]?.blocks = last.blocks - min(last.blocks, cost)
    }
}
