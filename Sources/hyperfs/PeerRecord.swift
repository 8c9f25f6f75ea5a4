import Node

/// A peer as the node tells it (docs/control-api.md).
struct PeerRecord {
    let json: JSONValue
    let address: String
    let transport: String
    let origin: String
    let roundTripMicroseconds: UInt64?
    let bytesPerSecond: UInt64
    let downloaded: UInt64
    let uploaded: UInt64

    /// nil for what is no peer.
    init?(_ json: JSONValue) {
        guard let address = json["address"]?.string else { return nil }
        self.json = json
        self.address = address
        transport = json["transport"]?.string ?? ""
        origin = json["origin"]?.string ?? ""
        roundTripMicroseconds = json["roundTripMicroseconds"]?.number
        bytesPerSecond = json["bytesPerSecond"]?.number ?? 0
        downloaded = json["downloaded"]?.number ?? 0
        uploaded = json["uploaded"]?.number ?? 0
    }

    /// A head and a line for each, in columns.
    static func table(_ peers: [PeerRecord]) -> [String] {
        let head = ["peer", "via", "round trip", "down", "up", "speed"]
        let rows = [head] + peers.map(\.cells)
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column < 2 ? Format.left(cell, widths[column]) : Format.right(cell, widths[column])
            }.joined(separator: "  ")
        }
    }

    private var cells: [String] {
        let trip = roundTripMicroseconds.map { Format.decimal(Double($0) / 1000) + " ms" }
        return [
            Printable.text(address), "\(Printable.text(transport)), \(Printable.text(origin))",
            trip ?? "-", Format.size(downloaded), Format.size(uploaded),
            bytesPerSecond > 0 ? Format.size(bytesPerSecond) + "/s" : "-",
        ]
    }
}
