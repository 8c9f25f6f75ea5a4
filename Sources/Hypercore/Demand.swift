/// What somebody waits for on a feed.
public struct Demand: Sendable {
    /// What must be here before the wait ends.
    public enum Target: Sendable, Equatable {
        /// Every block of the range, stored here.
        case blocks(Range<UInt64>)
        /// Every block of the list, stored here.
        case list([UInt64])
        /// The tree nodes by which the byte offset can be found, within a range of blocks.
        case byte(UInt64, within: Range<UInt64>)
        /// A verified length of at least this many blocks.
        case length(atLeast: UInt64)
    }

    /// Who is served first.
    public enum Priority: Int, Sendable, Comparable {
        case background
        case readAhead
        case foreground

        /// Whether `a` is served after `b`.
        public static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }
    }

    /// What must be here before the wait ends.
    public var target: Target
    /// Who is served first.
    public var priority: Priority
    /// How long the wait may last; `nil` waits until it is cancelled. The network's own time-outs
    /// (CLI.md section 2: 30 s, 5 s while no peer is known) are applied by who sets this.
    public var timeout: Duration?

    /// A wait for `target`.
    public init(_ target: Target, priority: Priority = .foreground, timeout: Duration? = nil) {
        self.target = target
        self.priority = priority
        self.timeout = timeout
    }
}

/// Names a demand, to withdraw it.
public struct DemandID: Hashable, Sendable {
    /// Unique within its network.
    public let raw: UInt64

    /// The name with this number.
    public init(_ raw: UInt64) { self.raw = raw }
}

/// Names a connection to a peer for as long as the process lives.
public struct PeerID: Hashable, Sendable {
    /// Unique within its network.
    public let raw: UInt64

    /// The name with this number.
    public init(_ raw: UInt64) { self.raw = raw }
}

/// A feed's way to its peers. `Replication` implements it; a feed without one is offline.
///
/// Every method may be called from any thread and returns at once.
public protocol FeedNetwork: AnyObject, Sendable {
    /// Asks peers until the target is met. `completion` is called exactly once, from any thread:
    /// with success, or `.timedOut`, `.cancelled`, `.noPeers`, `.corrupt`, `.closed`.
    func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID
    /// Withdraws a demand: its completion is called with `.cancelled` unless it was met already.
    func withdraw(_ id: DemandID)
    /// Sends an extension message to every peer that has the extension.
    func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed)
    /// Sends an extension message to one peer.
    func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID)
    /// Peers whose channel for this feed is open on both sides.
    func peerCount(of feed: Feed) -> Int
}

/// Thrown by a purely local computation that met a block which is not here. `resolve` fetches it
/// and runs the computation again.
public struct MissingBlocks: Error, Sendable {
    /// Where something is missing.
    public let feed: Feed
    /// What is needed to go on: as much as is known already, since round trips count.
    public let target: Demand.Target
    /// An extension message that may bring more than this one block: sent once per computation.
    public let hint: (extension: String, payload: [UInt8])?

    /// `target` of `feed` is not here.
    public init(
        feed: Feed, target: Demand.Target, hint: (extension: String, payload: [UInt8])? = nil
    ) {
        self.feed = feed
        self.target = target
        self.hint = hint
    }
}
