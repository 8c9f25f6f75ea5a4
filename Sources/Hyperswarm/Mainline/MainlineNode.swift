import HyperCrypto
import NIOCore

/// A node of the BitTorrent Mainline DHT as a state machine, of the same shape as `DHTNode` and
/// with the same events (docs/spec/mainline-dht.md). IPv4.
///
/// Confined to one event loop.
public final class MainlineNode {
    /// How a node begins.
    public struct Configuration: Sendable {
        /// Entry points of the network, names resolved.
        public var bootstrap: [Endpoint]
        /// Whether it asks only: right until it is known that others can reach us.
        public var isReadOnly: Bool
        /// What `savedNodes` returned before the restart.
        public var saved: [UInt8]

        /// Entry points, and read-only.
        public init(bootstrap: [Endpoint] = [], isReadOnly: Bool = true, saved: [UInt8] = []) {
            self.bootstrap = bootstrap
            self.isReadOnly = isReadOnly
            self.saved = saved
        }
    }

    typealias Query = DHTQuery<MainlineOperation>
    typealias Requests = DHTRequestTable<KRPCMessage>

    /// Ask only; may be switched off once others were able to reach us for 20 minutes.
    public var isReadOnly: Bool
    /// Whether the first search for neighbors is over.
    public internal(set) var isReady = false
    /// How the world sees us, as far as we know.
    public internal(set) var ownAddress = DHTOwnAddress.unknown
    /// What the node has done so far.
    public internal(set) var statistics = DHTNode.Statistics()

    var id: DHTKey
    var random: any RandomNumberGenerator & Sendable
    var now: NIODeadline
    var table: DHTRoutingTable
    var requests = Requests(schedule: DHTRequest.mainline)
    var queries: [DHTTicket: Query] = [:]
    var lastTicket: UInt64 = 0
    var bootstrapping: DHTTicket?
    var entryPoints: [DHTAddress]
    var remembered: [DHTRoutingTable.Entry] = []
    var tokens: DHTTokens
    var votes = DHTAddressVotes()
    var peers: DHTPeerStore
    var values = DHTValueStore()
    var answerLimiter: DHTRateLimiter
    var strangers: TokenBucket
    var upkeepAt: NIODeadline
    var lastBootstrap: NIODeadline
    var effects: [DHTNode.Effect] = []

    /// A node that has not begun.
    ///
    /// - Parameter random: must be unpredictable: it makes ids, request numbers and secrets.
    public init(
        _ configuration: Configuration, random: any RandomNumberGenerator & Sendable,
        now: NIODeadline
    ) {
        self.random = random
        self.now = now
        isReadOnly = configuration.isReadOnly
        let id = MainlineID.random(&self.random)
        self.id = id
        table = DHTRoutingTable(own: id, bucketSize: Limits.Mainline.bucketSize)
        entryPoints = configuration.bootstrap.compactMap { DHTAddress($0) }
            .filter { $0.isUnicast }
        tokens = DHTTokens(random: &self.random, now: now, size: Limits.Mainline.tokenBytes)
        peers = DHTPeerStore(now: now, generation: Limits.Mainline.peerGeneration)
        answerLimiter = DHTRateLimiter(
            perSecond: Limits.DHT.answersPerSecond, burst: Limits.DHT.answerBurst, now: now)
        strangers = TokenBucket(
            perSecond: Limits.DHT.strangersPerSecond, burst: Limits.DHT.strangersBurst, now: now)
        upkeepAt = now + Limits.Mainline.upkeepPeriod
        lastBootstrap = now
        remembered = DHTNode.restore(configuration.saved, own: id, now: now)
    }

    /// Looks for neighbors; `.ready` tells when that is done.
    public func start(now: NIODeadline) {
        self.now = max(self.now, now)
        bootstrap()
    }

    /// A datagram whose first byte is `d`, as a socket received it.
    public func receive(_ datagram: UnsafeRawBufferPointer, from source: Endpoint, now: NIODeadline)
    {
        self.now = max(self.now, now)
        guard datagram.count <= Limits.Mainline.datagramBytes, let from = DHTAddress(source),
            from.isUnicast, let message = try? KRPCMessage(decoding: datagram)
        else {
            statistics.malformed += 1
            return
        }
        switch message.body {
        case .query(let method, let arguments):
            serve(method, arguments, message, from: from)
        case .response(let values): receive(values, message, from: from)
        case .error: receive(nil, message, from: from)
        }
        settle()
    }

    /// A datagram whose first byte is `d`, as a socket received it.
    public func receive(_ datagram: [UInt8], from source: Endpoint, now: NIODeadline) {
        datagram.withUnsafeBytes { receive($0, from: source, now: now) }
    }

    /// Does what is due. To be called at `nextDeadline`, or any time.
    public func advance(to now: NIODeadline) {
        self.now = max(self.now, now)
        for (request, step) in requests.due(now: self.now) { perform(step, of: request) }
        for query in sortedQueries where query.deadline <= self.now { expire(query) }
        if upkeepAt <= self.now { upkeep() }
        settle()
    }

    /// When to call `advance` next. Changes with every call of anything else.
    public var nextDeadline: NIODeadline? {
        var next = upkeepAt
        if let deadline = requests.nextDeadline { next = min(next, deadline) }
        for query in queries.values { next = min(next, query.deadline) }
        if requests.queuedCount > 0 { next = min(next, now + .milliseconds(100)) }
        return next
    }

    /// What there is to send and to tell since the last call.
    public func takeEffects() -> [DHTNode.Effect] {
        defer { effects = [] }
        return effects
    }

    /// Nodes in the table.
    public var nodeCount: Int { table.count }

    /// Nodes that have answered lately, for `Configuration.saved` at the next start.
    public func savedNodes() -> [UInt8] { DHTNode.saved(table) }

    var sortedQueries: [Query] { queries.values.sorted { $0.ticket.raw < $1.ticket.raw } }

    func emit(_ event: DHTEvent) { effects.append(.event(event)) }

    func send(_ bytes: [UInt8], to address: DHTAddress) {
        statistics.datagramsSent += 1
        statistics.bytesSent += bytes.count
        effects.append(.send(bytes, to: address.endpoint))
    }
}
