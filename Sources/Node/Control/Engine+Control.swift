import HyperCrypto
import Hypercore
import Hyperswarm
import Replication

/// What the control socket tells (docs/control-api.md).
extension Engine {
    /// The answer to `GET path`.
    func answer(_ path: String) async -> JSONValue? {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        switch parts.first {
        case "/v1/peers":
            let wanted = parts.count > 1 ? parts[1].split(separator: "&") : []
            let key = wanted.first { $0.hasPrefix("drive=") }.map { $0.dropFirst(6) }
            guard let key else { return .array(await peerDetails(of: nil)) }
            guard let drive = PublicKey(hex: String(key)) else { return nil }
            return .array(await peerDetails(of: drive.discoveryKey))
        case "/v1/status": return await overview
        default: return nil
        }
    }

    private var overview: JSONValue {
        get async {
            let bytes = transferred
            let rates = rates
            return [
                "node": [
                    "store": .string(configuration.store),
                    "listen": .array(addresses.map { .string($0.description) }),
                ],
                "search": .string(await search), "peers": .array(await peerDetails(of: nil)),
                "bytesReceived": .number(bytes.received), "bytesSent": .number(bytes.sent),
                "rates": [
                    "receivedPerSecond": .number(rates.received),
                    "sentPerSecond": .number(rates.sent),
                ],
            ]
        }
    }

    /// One object for each connection; of a drive, those that have its feed open.
    private func peerDetails(of drive: DiscoveryKey?) async -> [JSONValue] {
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

extension Duration {
    /// Whole ones, 0 for negative.
    fileprivate var microseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) &* 1_000_000
            &+ UInt64(max(0, attoseconds) / 1_000_000_000_000)
    }
}
