import Hyperdrive
import Hyperswarm

/// Whom a drive is offered to, and looked for at: peers find each other by its discovery key.
extension Engine {
    /// Lets others find us as one who has this drive.
    public func announce(_ drive: Drive) { join(drive, announce: true, lookup: false) }

    /// Looks for others who have this drive, and lets them find us: what is here is served.
    public func exchange(_ drive: Drive) { join(drive, announce: true, lookup: true) }

    /// Looks for others who have this drive.
    public func look(for drive: Drive) { join(drive, announce: false, lookup: true) }

    private func join(_ drive: Drive, announce: Bool, lookup: Bool) {
        if announce { guardHistory(of: drive) }
        swarm?.join(drive.key.discoveryKey.raw, announce: announce, lookup: lookup)
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
