import HyperCrypto
import NIOCore

/// A node of the Hyperswarm 2 DHT as a state machine: datagrams and time in, datagrams and events
/// out (docs/spec/dht.md). Touches no socket, no clock, no disk.
///
/// The owner
/// - calls `start`, then hands every datagram of the DHT to `receive`, and calls `advance` at
///   `nextDeadline`;
/// - after either, and after anything it asked for itself, carries out what `takeEffects` returns.
///   Datagrams must leave from the socket that uTP uses: the mapping of a NAT belongs to it.
///
/// Confined to one event loop.
public final class DHTNode {
    /// What there is to carry out.
    public enum Effect {
        /// A datagram to send.
        case send([UInt8], to: Endpoint)
        /// Something happened.
        case event(DHTEvent)
    }

    typealias Query = DHTQuery<DHTOperation>
    typealias Requests = DHTRequestTable<DHTMessage>

    let configuration: Configuration
    /// Our id, which only persistent nodes tell.
    public let id: DHTKey
    /// Whether others may keep us in their tables.
    public internal(set) var isPersistent: Bool
    /// Whether the first search for neighbors is over.
    public internal(set) var isReady = false
    /// How the world sees us, as far as we know.
    public internal(set) var ownAddress = DHTOwnAddress.unknown

    var random: any RandomNumberGenerator & Sendable
    /// The latest time that anybody told us.
    var now: NIODeadline
    var table: DHTRoutingTable
    var requests = Requests()
    var queries: [DHTTicket: Query] = [:]
    var lastTicket: UInt64 = 0
    /// Our own search for neighbors, when it runs.
    var bootstrapping: DHTTicket?
    var entryPoints: [DHTAddress]
    /// Nodes known from an earlier run, not yet asked.
    var remembered: [DHTRoutingTable.Entry] = []
    var punchCount = 0
    var tokens: DHTTokens
    var votes = DHTAddressVotes()
    var peers: DHTPeerStore
    var values = DHTValueStore()
    var proven: DHTProvenAddresses
    var answerLimiter: DHTRateLimiter
    var relayLimiter: DHTRateLimiter
    var punchLimiter: DHTRateLimiter
    var strangers: TokenBucket
    var lastEviction: NIODeadline
    var upkeepAt: NIODeadline
    var lastBootstrap: NIODeadline
    var promotionAt: NIODeadline?
    /// Nodes that have stored announcements of ours, the latest last, and when they are asked next.
    var holders: [(entry: DHTRoutingTable.Entry, since: NIODeadline)] = []
    var keepAliveAt: NIODeadline?
    var effects: [Effect] = []
    /// What the node has done so far.
    public internal(set) var statistics = Statistics()

    /// A node that has not begun.
    ///
    /// - Parameters:
    ///   - random: must be unpredictable: it makes ids, request numbers and secrets.
    ///   - now: the present time of the clock that all calls use.
    public init(
        _ configuration: Configuration, random: any RandomNumberGenerator & Sendable,
        now: NIODeadline
    ) {
        self.configuration = configuration
        self.random = random
        self.now = now
        let id = configuration.id ?? DHTKey(random: &self.random)
        self.id = id
        table = DHTRoutingTable(own: id)
        isPersistent = configuration.mode == .persistent
        entryPoints = configuration.bootstrap.compactMap { DHTAddress($0) }
            .filter { $0.isUnicast }
        tokens = DHTTokens(random: &self.random, now: now)
        peers = DHTPeerStore(now: now)
        proven = DHTProvenAddresses(now: now)
        answerLimiter = DHTRateLimiter(
            perSecond: Limits.DHT.answersPerSecond, burst: Limits.DHT.answerBurst, now: now)
        relayLimiter = DHTRateLimiter(
            perSecond: Limits.DHT.relaysPerSecond, burst: Limits.DHT.relayBurst, now: now)
        punchLimiter = DHTRateLimiter(
            perSecond: Limits.DHT.punchesPerSecond, burst: Limits.DHT.punchBurst, now: now)
        strangers = TokenBucket(
            perSecond: Limits.DHT.strangersPerSecond, burst: Limits.DHT.strangersBurst, now: now)
        lastEviction = now
        lastBootstrap = now
        upkeepAt = now + Limits.DHT.upkeepPeriod
        remembered = Self.restore(configuration.saved, own: id, now: now)
    }

    /// Looks for neighbors; `.ready` tells when that is done.
    public func start(now: NIODeadline) {
        update(now)
        // Not all nodes that were started together do their upkeep together.
        upkeepAt = now + .nanoseconds(jitter(upTo: Limits.DHT.upkeepPeriod.nanoseconds))
        bootstrap()
        settle()
    }

    /// A datagram that is neither uTP's nor Mainline's, as a socket received it.
    public func receive(_ datagram: UnsafeRawBufferPointer, from source: Endpoint, now: NIODeadline)
    {
        update(now)
        guard datagram.count <= Limits.DHT.datagramBytes, let from = DHTAddress(source),
            from.isUnicast, let message = try? DHTMessage(decoding: datagram)
        else {
            statistics.malformed += 1
            return
        }
        switch message.kind {
        case .response: receive(response: message, from: from)
        case .query, .update: serve(message, from: from)
        }
        settle()
    }

    /// A datagram that is neither uTP's nor Mainline's, as a socket received it.
    public func receive(_ datagram: [UInt8], from source: Endpoint, now: NIODeadline) {
        datagram.withUnsafeBytes { receive($0, from: source, now: now) }
    }

    /// Does what is due. To be called at `nextDeadline`, or any time.
    public func advance(to now: NIODeadline) {
        update(now)
        for (request, step) in requests.due(now: self.now) { perform(step, of: request) }
        for query in sortedQueries where query.deadline <= self.now { expire(query) }
        if upkeepAt <= self.now { upkeep() }
        if let promotionAt, promotionAt <= self.now { considerPromotion() }
        if let keepAliveAt, keepAliveAt <= self.now { keepAlive() }
        settle()
    }

    /// When to call `advance` next. Changes with every call of anything else.
    public var nextDeadline: NIODeadline? {
        var next = upkeepAt
        if let deadline = requests.nextDeadline { next = min(next, deadline) }
        for query in queries.values { next = min(next, query.deadline) }
        if let promotionAt { next = min(next, promotionAt) }
        if let keepAliveAt { next = min(next, keepAliveAt) }
        if requests.queuedCount > 0 { next = min(next, now + .milliseconds(100)) }
        return next
    }

    /// What there is to send and to tell since the last call.
    public func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    /// Nodes in the table.
    public var nodeCount: Int { table.count }

    func emit(_ event: DHTEvent) { effects.append(.event(event)) }

    func send(_ bytes: [UInt8], to address: DHTAddress) {
        statistics.datagramsSent += 1
        statistics.bytesSent += bytes.count
        effects.append(.send(bytes, to: address.endpoint))
    }

    func ticket() -> DHTTicket {
        lastTicket += 1
        return DHTTicket(raw: lastTicket)
    }

    func jitter(upTo limit: Int64) -> Int64 { Int64.random(in: 0...limit, using: &random) }

    private func update(_ now: NIODeadline) { self.now = max(self.now, now) }

    var sortedQueries: [Query] { queries.values.sorted { $0.ticket.raw < $1.ticket.raw } }
}
