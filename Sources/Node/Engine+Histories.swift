import Glibc
import Hypercore
import Hyperdrive
import Logging
import Synchronization

/// Own drives that somebody else has written to: a store that was copied, or brought back from a
/// backup. They are not written any more, now or after a restart, until a person says otherwise.
extension Engine {
    /// Asks peers whether they have what we have not written, and remembers it when they do.
    func guardHistory(of drive: Drive) {
        let feed = drive.metadata
        guard feed.isWritable else { return }
        let marker = "\(configuration.store)/hyperfs/refused/\(drive.key.hex)"
        if access(marker, F_OK) == 0 {
            feed.refuseWriting(
                FeedError(
                    .outdated,
                    "another copy of this store has written to drive \(drive.key.hex): this one is "
                        + "read-only. Keep one copy; when no other is left, remove \(marker)"))
        }
        let logger = configuration.logger
        let watch = feed.companion { HistoryWatch() }
        watch.begin {
            feed.observe { [weak feed] event in
                guard event == .refused, let reason = feed?.refusal else { return }
                logger.error("\(reason.message)")
                // Not on the thread of the network: the disk may be slow.
                Task.detached {
                    do {
                        try DurableFile.makeFolder(of: marker)
                        try DurableFile.replace(marker, with: Array("\(reason.message)\n".utf8))
                    } catch {
                        logger.error("after a restart the drive may be written again: \(error)")
                    }
                }
            }
        }
        replicator.audit(feed)
    }
}

/// Observes a feed once, however often its drive is mounted.
private final class HistoryWatch: Sendable {
    private let observation = Mutex<Feed.Observation?>(nil)

    func begin(_ observe: () -> Feed.Observation) {
        observation.withLock { $0 = $0 ?? observe() }
    }
}
