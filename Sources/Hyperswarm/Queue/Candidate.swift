import HyperCrypto

/// An address where somebody may be who has a topic. Nothing of it is proven.
struct Candidate: Hashable, Sendable {
    var address: Swarm.Address
    var origin: Swarm.PeerOrigin
    /// What he is said to have.
    var topic: Bytes32
    /// The same on all addresses of one peer, where the source knows.
    var marker: Bytes32?
    /// Whether its host is our own public address: then only a router that reflects packets
    /// leads there (docs/spec/swarm.md 4.3).
    var isBehindOurAddress = false
    /// The DHT node that knows the way through the peer's NAT.
    var referrer: Endpoint?
}
