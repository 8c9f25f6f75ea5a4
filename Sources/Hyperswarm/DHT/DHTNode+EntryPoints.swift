import NIOCore

extension DHTNode {
    /// More entry points, found since the start; asked at once while we know few nodes.
    public func add(entryPoints endpoints: [Endpoint], now: NIODeadline) {
        advance(to: now)
        let news = endpoints.compactMap { DHTAddress($0) }
            .filter { $0.isUnicast && !entryPoints.contains($0) }
        guard !news.isEmpty else { return }
        entryPoints += news.prefix(max(0, Limits.Tables.entryPoints - entryPoints.count))
        // A search that ran without them has found little.
        if let ticket = bootstrapping { queries[ticket] = nil }
        bootstrapping = nil
        if table.count < Limits.DHT.bucketSize { bootstrap() }
        settle()
    }

    /// Nodes that hold our records: their way to us leads through our NAT, which forgets it.
    func keepAlive() {
        holders.removeAll { now - $0.since > 2 * Limits.DHT.peerGeneration }
        keepAliveAt = holders.isEmpty ? nil : now + Limits.Tables.keepAlive
        for holder in holders where !requests.contains(holder.entry.address) {
            ping(holder.entry, purpose: .check(newcomer: nil))
        }
    }

    /// One that has stored an announcement of ours.
    func keeps(_ entry: DHTRoutingTable.Entry) {
        holders.removeAll { $0.entry.address == entry.address }
        holders.append((entry, now))
        if holders.count > Limits.Tables.keptAlive { holders.removeFirst() }
        if keepAliveAt == nil { keepAliveAt = now + Limits.Tables.keepAlive }
    }
}
