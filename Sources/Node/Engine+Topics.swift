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

    /// Adds what is wanted, or takes it back. `tell` hears what all together want, in the order of
    /// the changes: it may post that somewhere, and nothing else.
    func change(
        _ topic: Bytes32, announce: Int, lookup: Int,
        tell: (_ announce: Bool, _ lookup: Bool) -> Void
    ) {
        counts.withLock { counts in
            var count = counts[topic] ?? Count()
            count.announce = max(0, count.announce + announce)
            count.lookup = max(0, count.lookup + lookup)
            counts[topic] = count.announce + count.lookup > 0 ? count : nil
            tell(count.announce > 0, count.lookup > 0)
        }
    }

    /// Whether anybody wants it.
    func isWanted(_ topic: Bytes32) -> Bool { counts.withLock { $0[topic] != nil } }

    /// Calls `body`, which may post something and nothing else, when nobody wants the topic.
    func ifUnwanted(_ topic: Bytes32, _ body: () -> Void) {
        counts.withLock { counts in
            if counts[topic] == nil { body() }
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
        topics.change(topic, announce: announce, lookup: lookup) { announce, lookup in
            if announce || lookup {
                swarm?.join(topic, announce: announce, lookup: lookup)
            } else {
                swarm?.leave(topic)
            }
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
