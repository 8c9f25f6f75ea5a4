import Hypercore
import Hyperdrive

extension Engine {
    /// Learns of a newer version when a peer is in reach: waits for its word, but not long. Where
    /// none comes, the version that is here serves: whoever reads was not promised the newest, and
    /// the feed is followed, so that later news are seen all the same.
    public func refresh(_ drive: Drive) async {
        let feed = drive.metadata
        follow(feed)
        guard feed.length > 0, drive.checkoutVersion == nil else { return }
        let start = ContinuousClock.now
        var (connected, lastChange) = (0, start)
        while !Task.isCancelled, ContinuousClock.now - start < Limits.timeoutWithoutPeers {
            let reach = peers.inReach
            if reach.connected != connected {
                (connected, lastChange) = (reach.connected, .now)
            }
            // Somebody who was named is given the time that it takes to reach him.
            let isLate = ContinuousClock.now - lastChange >= Limits.updateGrace
            guard reach.isHopeful, !isLate || !reach.hoped.isEmpty else { return }
            if let info = await replicator.info(of: feed), info.peers > 0 {
                guard info.remoteLength > feed.length else { return }
                let news = Demand(.length(atLeast: info.remoteLength), timeout: Limits.updateGrace)
                // Too late, or the peer has left: then old news are as good as before.
                do { try await feed.fetch(news) } catch {}
                return
            }
            // Cancelled it throws at once, and the loop ends.
            try? await Task.sleep(for: Limits.patienceTick)
        }
    }
}
