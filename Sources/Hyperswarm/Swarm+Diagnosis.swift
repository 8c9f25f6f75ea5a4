import NIOCore

extension Swarm {
    /// What a swarm has found out about the network it is in.
    public struct Diagnosis: Sendable {
        /// How one of the two distributed hash tables is doing.
        public struct Table: Sendable {
            /// Nodes that have answered and are kept.
            public let nodes: Int
            /// Requests sent, and answered.
            public let asked: Int
            /// See `asked`.
            public let answered: Int
            /// How the world sees us.
            public let ownAddress: DHTOwnAddress
        }

        /// Where we listen.
        public let bound: [Address]
        /// `nil`: switched off.
        public let dht: Table?
        /// `nil`: switched off.
        public let mainline: Table?
        /// Links to neighbors; packets of our own that came back; answers of others. `nil`: off.
        public let lan: (links: Int, echoes: Int, answers: Int)?
    }

    /// What is known by now. Sources begin to look when a topic is joined.
    public func diagnosis() async -> Diagnosis {
        let told = loop.submit {
            let tables = self.state.value.tables
            let lan = self.state.value.sources.lazy.compactMap { $0 as? LANPort }.first
            return Diagnosis(
                bound: self.state.value.bound, dht: tables.dht.map { Self.table($0.node) },
                mainline: tables.mainline.map { Self.table($0.node) }, lan: lan?.diagnosis)
        }
        return (try? await told.get())
            ?? Diagnosis(bound: [], dht: nil, mainline: nil, lan: nil)
    }

    private static func table(_ node: some TopicNode) -> Diagnosis.Table {
        Diagnosis.Table(
            nodes: node.nodeCount, asked: node.statistics.requests,
            answered: node.statistics.answered, ownAddress: node.ownAddress)
    }
}
