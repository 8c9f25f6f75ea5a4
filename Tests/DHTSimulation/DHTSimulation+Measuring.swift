import Hyperswarm
import NIOCore

extension DHTSimulation {
    /// What a query cost.
    public struct Outcome: Sendable {
        /// Peers found, each once.
        public var peers: Set<Endpoint> = []
        /// Datagrams of the asking node, both ways, until the first peers came.
        public var datagramsToFirst: Int?
        /// The same in requests.
        public var requestsToFirst: Int?
        /// Time until the first peers came.
        public var timeToFirst: TimeAmount?
        /// Datagrams of the asking node, both ways, of the whole query.
        public var datagrams = 0
        /// How long it took.
        public var time = TimeAmount.zero
        /// What the node says about it.
        public var summary: DHTQuerySummary?
    }

    /// Runs a query of one node to its end.
    public func measure(
        _ index: Int, _ begin: (DHTNode) -> DHTTicket?
    ) -> Outcome {
        var outcome = Outcome()
        let started = now
        let sent = members[index].node.statistics.datagramsSent
        let asked = members[index].node.statistics.requests
        let received = members[index].received
        var early: [(Int, DHTEvent)] = []
        observer = { early.append(($0, $1)) }
        guard let ticket = ask(index, { node, _ in begin(node) }) else { return outcome }
        func datagrams() -> Int {
            members[index].node.statistics.datagramsSent - sent + members[index].received - received
        }
        func note(_ member: Int, _ event: DHTEvent) {
            guard member == index else { return }
            switch event {
            case .peers(ticket, let found):
                outcome.peers.formUnion(found.peers)
                guard outcome.timeToFirst == nil else { return }
                outcome.timeToFirst = now - started
                outcome.datagramsToFirst = datagrams()
                outcome.requestsToFirst = members[index].node.statistics.requests - asked
            case .finished(ticket, let summary): outcome.summary = summary
            default: break
            }
        }
        for (member, event) in early { note(member, event) }
        observer = note
        run(until: started + .seconds(60)) { outcome.summary != nil }
        observer = nil
        outcome.datagrams = datagrams()
        outcome.time = now - started
        return outcome
    }

    /// Finds the peers of a topic.
    public func lookup(_ topic: DHTKey, from index: Int) -> Outcome {
        measure(index) { $0.lookup(topic) }
    }

    /// Announces a topic.
    public func announce(_ topic: DHTKey, from index: Int) -> Outcome {
        measure(index) { $0.announce(topic) }
    }

    /// Datagrams that each living node has received so far.
    public var load: [Int] { members.filter(\.isAlive).map(\.received) }

    /// A living node that does not lie and is no entry point.
    public func anyHonest() -> Int {
        while true {
            let index = Int.random(in: Self.entryPoints..<members.count, using: &random)
            if members[index].isAlive, members[index].liar == nil { return index }
        }
    }
}
