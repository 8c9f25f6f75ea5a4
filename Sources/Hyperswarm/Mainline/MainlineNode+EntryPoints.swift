import NIOCore

extension MainlineNode {
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
        if table.count < Limits.Mainline.bucketSize { bootstrap() }
        settle()
    }

    /// The network is another one now: after sleep, or when an interface has changed.
    public func networkChanged(now: NIODeadline) {
        advance(to: now)
        votes.reset()
        if ownAddress != .unknown {
            ownAddress = .unknown
            emit(.address(.unknown))
        }
        bootstrap()
        settle()
    }
}
