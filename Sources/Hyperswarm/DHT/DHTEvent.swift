/// What a node has to tell its owner, in the order in which it happened.
public enum DHTEvent: Hashable, Sendable {
    /// The first search for neighbors is over; also when it found none.
    case ready
    /// From now on others keep us in their tables.
    case becamePersistent
    /// We know something else about our own address than before.
    case address(DHTOwnAddress)
    /// A node knows peers of a topic. Comes many times for a lookup or an announce.
    case peers(DHTTicket, DHTPeersFound)
    /// The value that was looked for. Verified.
    case immutable(DHTTicket, value: [UInt8])
    /// A record that was looked for, newer than all before it. Its signature is right.
    case mutable(DHTTicket, DHTMutable)
    /// The query is over; nothing more comes of it.
    case finished(DHTTicket, DHTQuerySummary)
    /// A node answered a ping; what it sees as our address.
    case pong(DHTTicket, from: Endpoint, ownAddress: Endpoint?)
    /// A ping or a hole punch found no answer.
    case unanswered(DHTTicket)
    /// The peer has answered a hole punch: it lets us in. `source` is where the answer came from;
    /// behind a symmetric NAT another port than was asked, and the one to connect to.
    case punched(DHTTicket, peer: Endpoint, source: Endpoint)
    /// Somebody is about to connect to us from there and has asked us to open our NAT, which the
    /// node has done.
    case punchRequested(by: Endpoint)
}

/// An answer with peers.
public struct DHTPeersFound: Hashable, Sendable {
    /// Where peers listen, as the world sees them.
    public var peers: [Endpoint]
    /// Peers that say they are in our own network, in the network of the local address we gave.
    /// Anybody may say so: dial those only that an interface of ours reaches directly.
    public var localPeers: [Endpoint]
    /// The node that knows them: the helper for hole punches to `peers`.
    public var referrer: Endpoint
    /// Our own address as that node sees it.
    public var ownAddress: Endpoint?
}

/// What became of a query.
public struct DHTQuerySummary: Hashable, Sendable {
    /// Nodes asked.
    public var asked = 0
    /// Nodes that answered.
    public var answered = 0
    /// Nodes that stored or removed what we asked them to.
    public var acknowledged = 0
    /// A node holds a newer record than the one we put: ours is void.
    public var newer: DHTMutable?

    /// Nothing done.
    public init() {}

    /// Whether anybody answered.
    public var succeeded: Bool { answered > 0 }
}
