extension Swarm {
    /// How we came to know an address.
    public enum PeerOrigin: String, Sendable, CaseIterable {
        /// Given by hand: dialed for ever.
        case given
        /// Heard of on the local network.
        case lan
        /// Found in the distributed hash table of the family.
        case dht
        /// Found in BitTorrent's, where most peers of a topic may be something else.
        case mainline
        /// Had it when we ran before.
        case remembered
    }
}
