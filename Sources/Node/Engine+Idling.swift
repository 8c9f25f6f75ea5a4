import HyperCrypto
import Hypercore
import Hyperdrive

/// Drives of `mount --network` that nobody uses any more: peers hear no more of them, and their
/// files are closed.
extension Engine {
    /// A drive is used, until `letGo`: it is followed, looked for and offered.
    func use(_ drive: Drive) {
        exchange(drive)
        // Behind the topic: who lets go of it at the same time sees that it is wanted.
        follow(drive.metadata)
    }

    /// Takes one `use` of a drive back. What nobody else wants of it, and of the drives that were
    /// `entered` from it, is not followed any more, and closed as soon as nobody holds it.
    func letGo(_ drive: Drive, _ entered: Set<PublicKey>) {
        endExchange(drive)
        let keys = entered.union([drive.key])
        for feed in store.openFeeds where keys.contains(feed.key) {
            topics.ifUnwanted(feed.discoveryKey.raw) {
                let feeds = [feed] + store.companions(of: feed)
                for each in feeds { replicator.release(each) }
                idle.withLock { idle in
                    for each in feeds { idle[each.discoveryKey] = feed.discoveryKey }
                }
            }
        }
    }

    /// Closes what was let go and nobody holds by now. Call it now and then.
    func closeIdleFeeds() {
        let candidates = idle.withLock { $0 }
        guard !candidates.isEmpty else { return }
        let open = store.closeUnused(Set(candidates.keys))
        idle.withLock { idle in
            for (feed, drive) in candidates {
                if topics.isWanted(drive.raw) || !open.contains(feed) { idle[feed] = nil }
            }
        }
    }
}
