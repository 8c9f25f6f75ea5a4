import HyperCrypto
import Hypercore
import Hyperswarm
import Replication

extension Engine {
    /// One object for each connection; of a drive, those that have its feed open
    /// (docs/control-api.md).
    func peerDetails(of drive: DiscoveryKey? = nil) async -> [JSONValue] {
        let infos = await replicator.peers()
        let remotes = await peers.remotes()
        return infos.compactMap { info in
            guard let remote = remotes[info.id] else { return nil }
            if let drive, !info.openFeeds.contains(drive) { return nil }
            return [
                "address": .string(remote.address),
                "transport": .string(remote.transport.rawValue),
                "origin": .string(remote.origin?.rawValue ?? "incoming"),
                "feeds": .number(UInt64(info.openFeeds.count)),
                "roundTripMicroseconds": info.roundTrip.map { .number($0.microseconds) } ?? .null,
                "bytesPerSecond": .number(UInt64(max(0, info.bytesPerSecond))),
                "bytesReceived": .number(info.bytesIn), "bytesSent": .number(info.bytesOut),
                "downloaded": .number(info.transfers.downloadedBytes),
                "uploaded": .number(info.transfers.uploadedBytes),
            ]
        }
    }
}
