import NIOCore

extension DHTNode {
    /// Nodes that have answered lately, for `Configuration.saved` at the next start: 38 bytes each
    /// behind one byte that tells the form.
    public func savedNodes() -> [UInt8] { Self.saved(table) }

    static func saved(_ table: DHTRoutingTable) -> [UInt8] {
        var bytes: [UInt8] = [savedForm]
        let freshest = table.entries.sorted { $0.heard > $1.heard }
        for entry in freshest.prefix(Limits.DHT.savedNodes) {
            entry.id.append(to: &bytes)
            entry.address.append(to: &bytes)
        }
        return bytes
    }

    private static let savedForm: UInt8 = 1

    /// What there was; nothing of it if it is in another form. They are candidates, not entries:
    /// who does not answer is not let in.
    static func restore(
        _ bytes: [UInt8], own: DHTKey, now: NIODeadline
    ) -> [DHTRoutingTable.Entry] {
        guard bytes.first == savedForm else { return [] }
        return bytes.withUnsafeBytes { bytes in
            let nodes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
            let count = min(nodes.count / DHTMessage.nodeSize, Limits.DHT.savedNodes)
            return (0..<count).compactMap { index in
                let start = index * DHTMessage.nodeSize
                let part = UnsafeRawBufferPointer(rebasing: nodes[start..<start + 32])
                guard let id = DHTKey(part), id != own,
                    let address = DHTAddress(nodes, at: start + 32), address.isUnicast
                else { return nil }
                return DHTRoutingTable.Entry(id: id, address: address, heard: now)
            }
        }
    }
}
