extension DHTNode {
    /// When others may keep us in their tables (docs/spec/dht.md section 8).
    public enum Mode: Sendable {
        /// Half an hour after the start, if our NAT lets others in.
        case adaptive
        /// Never: for those who come and go.
        case ephemeral
        /// From the start: for bootstrap nodes, and others with an address of their own.
        case persistent
    }

    /// How a node begins.
    public struct Configuration: Sendable {
        /// `nil` = drawn at random. An id that outlives restarts keeps the node's place.
        public var id: DHTKey?
        /// Entry points of the network, names resolved. Empty for the first node of a network.
        public var bootstrap: [Endpoint]
        /// When others may keep us in their tables.
        public var mode: Mode
        /// What `savedNodes` returned before the restart.
        public var saved: [UInt8]

        /// Entry points, and the usual for all else.
        public init(
            bootstrap: [Endpoint] = [], mode: Mode = .adaptive, id: DHTKey? = nil,
            saved: [UInt8] = []
        ) {
            self.bootstrap = bootstrap
            self.mode = mode
            self.id = id
            self.saved = saved
        }
    }

    /// What a node has done since it began.
    public struct Statistics: Sendable {
        /// Datagrams sent, of every kind.
        public internal(set) var datagramsSent = 0
        /// Bytes in them.
        public internal(set) var bytesSent = 0
        /// Requests sent, repetitions not counted.
        public internal(set) var requests = 0
        /// Those of them that were answered.
        public internal(set) var answered = 0
        /// Requests of others that we answered.
        public internal(set) var served = 0
        /// Requests of others that came too fast, or that we had no room for.
        public internal(set) var refused = 0
        /// Datagrams that were no messages.
        public internal(set) var malformed = 0
    }
}
