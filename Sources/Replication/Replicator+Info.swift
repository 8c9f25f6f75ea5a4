import HyperCrypto
import Hypercore

extension Replicator {
    /// A connection, for status pages.
    public struct PeerInfo: Sendable {
        /// The connection's name.
        public var id: PeerID
        /// Bytes on the wire that came, handshake included.
        public var bytesIn: UInt64
        /// Bytes on the wire that went, handshake included.
        public var bytesOut: UInt64
        /// The shortest answer seen.
        public var roundTrip: Duration?
        /// Bytes per second that it delivers at best; 0 = not known.
        public var bytesPerSecond: Double
        /// Feeds open on both sides.
        public var openFeeds: [DiscoveryKey]
        /// Blocks that went either way.
        public var transfers: TransferStatistics
        /// Requests that it has not answered.
        public var requestsInFlight: Int
        /// Its requests that we have not answered.
        public var requestsQueued: Int
    }

    /// A feed, for status pages.
    public struct FeedInfo: Sendable {
        /// Peers that have it open.
        public var peers: Int
        /// Peers known to have all blocks of the present length.
        public var seeds: Int
        /// The longest length any peer claims.
        public var remoteLength: UInt64
        /// Blocks that went either way, with all peers.
        public var transfers: TransferStatistics
    }

    /// All connections.
    public func peers() async -> [PeerInfo] {
        await withCheckedContinuation { continuation in
            engine.executor.execute { [engine] in
                continuation.resume(returning: engine.peerInfos())
            }
        }
    }

    /// What went either way since the beginning.
    public func totals() async -> BlockTotals {
        await withCheckedContinuation { continuation in
            engine.executor.execute { [engine] in continuation.resume(returning: engine.totals) }
        }
    }

    /// What is known of a feed; `nil` when it has neither joined nor been served.
    public func info(of feed: Feed) async -> FeedInfo? {
        await withCheckedContinuation { continuation in
            engine.executor.execute { [engine] in
                continuation.resume(returning: engine.feedInfo(feed))
            }
        }
    }
}

extension Engine {
    func peerInfos() -> [Replicator.PeerInfo] {
        peers.values.sorted { $0.id.raw < $1.id.raw }.map { peer in
            var transfers = TransferStatistics()
            for channel in peer.channels.values { transfers.add(channel.statistics) }
            return Replicator.PeerInfo(
                id: peer.id, bytesIn: peer.session.bytesReceived, bytesOut: peer.bytesSent,
                roundTrip: peer.estimator.roundTrip, bytesPerSecond: peer.estimator.rate,
                openFeeds: peer.channelOf.filter { $0.value.isOpen }.map(\.key),
                transfers: transfers,
                requestsInFlight: peer.requestsInFlight, requestsQueued: peer.queue.count)
        }
    }

    func feedInfo(_ feed: Feed) -> Replicator.FeedInfo? {
        guard let replication = feeds[feed.discoveryKey] else { return nil }
        let channels = replication.channels
        let length = feed.length
        return Replicator.FeedInfo(
            peers: channels.count,
            seeds: channels.count { length > 0 && $0.remote.hasAll(0..<length) },
            remoteLength: channels.map(\.remote.length).max() ?? 0,
            transfers: replication.statistics)
    }
}
