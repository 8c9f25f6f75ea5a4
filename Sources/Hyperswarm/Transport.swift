extension Swarm {
    /// What carries a connection; of two to the same peer the one over the greater survives.
    public enum Transport: String, Sendable, Comparable, CustomStringConvertible {
        /// Through a relay that both know: better than nothing.
        case relay
        case utp
        case tcp

        private var rank: Int {
            switch self {
            case .relay: 0
            case .utp: 1
            case .tcp: 2
            }
        }

        /// For people.
        public var description: String {
            switch self {
            case .relay: "a relay"
            case .utp: "uTP"
            case .tcp: "TCP"
            }
        }

        /// By what it costs others.
        public static func < (a: Transport, b: Transport) -> Bool { a.rank < b.rank }
    }
}
