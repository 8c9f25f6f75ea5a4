extension Swarm {
    /// How we came to know an address.
    public enum PeerOrigin: String, Sendable, CaseIterable {
        /// Given by hand: dialed for ever.
        case given
        /// Heard of on the local network.
        case lan
        /// Found in a distributed hash table.
        case dht
    }
}
