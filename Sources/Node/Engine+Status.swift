import Hyperdrive

/// What a mount shows of itself in `.hyperfs/` (CLI.md section 6).
extension Engine {
    /// `status.json`: the drive, and the traffic of the whole engine.
    func status(of drive: Drive) -> JSONValue {
        let bytes = transferred
        let rates = rates
        let refusal = drive.metadata.refusal?.message
        return [
            "key": .string(drive.key.hex), "version": .number(drive.version),
            "writable": .bool(drive.isWritable), "peers": .number(UInt64(connectedPeers)),
            "bytesReceived": .number(bytes.received), "bytesSent": .number(bytes.sent),
            "rates": [
                "receivedPerSecond": .number(rates.received), "sentPerSecond": .number(rates.sent),
            ],
            // Why an own drive is not written any more.
            "problem": refusal.map { .string($0) } ?? .null,
        ]
    }

    /// `peers.json`: who is connected.
    var peerList: JSONValue {
        .array(
            peers.inReach.remotes.map {
                ["address": .string($0.address), "transport": .string($0.transport.rawValue)]
            })
    }
}
