import HyperCrypto
import Hyperdrive
import Hyperswarm
import Synchronization

/// How many want each topic, and what for: a mount and a reader of one drive do not end each
/// other's search.
final class TopicCounts: Sendable {
    private struct Count: Sendable {
        var announce = 0
        var lookup = 0
    }

    private let counts = Mutex<[Bytes32: Count]>([:])

    /// Adds what is wanted, or takes it back; what all together want.
    func change(
        _ topic: Bytes32, announce: Int, lookup: Int
    ) -> (announce: Bool, lookup: Bool) {
        counts.withLock { counts in
            var count = counts[topic] ?? Count()
            count.announce = max(0, count.announce + announce)
            count.lookup = max(0, count.lookup + lookup)
            counts[topic] = count.announce + count.lookup > 0 ? count : nil
            return (count.announce > 0, count.lookup > 0)
        }
    }
}

/// Whom a drive is offered to, and looked for at: peers find each other by its discovery key.
extension Engine {
    /// Lets others find us as one who has this drive.
    public func announce(_ drive: Drive) { change(drive, announce: 1, lookup: 0) }

    /// Looks for others who have this drive, and lets them find us: what is here is served.
    public func exchange(_ drive: Drive) { change(drive, announce: 1, lookup: 1) }

    /// Looks for others who have this drive.
    public func look(for drive: Drive) { change(drive, announce: 0, lookup: 1) }

    /// Takes one `announce` back.
    func endAnnouncing(_ drive: Drive) { change(drive, announce: -1, lookup: 0) }

    /// Takes one `look` back.
    func endLooking(for drive: Drive) { change(drive, announce: 0, lookup: -1) }

    /// Takes one `exchange` back.
    func endExchange(_ drive: Drive) { change(drive, announce: -1, lookup: -1) }

    private func change(_ drive: Drive, announce: Int, lookup: Int) {
        if announce > 0 { guardHistory(of: drive) }
        let topic = drive.key.discoveryKey.raw
        let wanted = topics.change(topic, announce: announce, lookup: lookup)
        if wanted.announce || wanted.lookup {
            swarm?.join(topic, announce: wanted.announce, lookup: wanted.lookup)
        } else {
            swarm?.leave(topic)
        }
    }

    /// How finding peers goes, on one line: "0 peers; LAN: no answer yet".
    public var search: String {
        get async {
            let count = connectedPeers
            let states = await swarm?.sourceStates().map(\.description) ?? ["offline"]
            return (["\(count) peer\(count == 1 ? "" : "s")"] + states).joined(separator: "; ")
        }
    }
}
