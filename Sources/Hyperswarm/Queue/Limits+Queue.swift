import NIOCore

extension Limits {
    /// Bounds of choosing whom to dial.
    enum Queue {
        // -- docs/spec/swarm.md 4

        /// Waiting classes of a further attempt after the 1st, 2nd and 3rd failure (4.4).
        static let retryClasses: [TimeAmount] = [.seconds(1), .seconds(5), .seconds(15)]
        /// A given-up peer is forgotten after this, so that it may be found anew (4.4).
        static let forgetAfter: TimeAmount = .milliseconds(7500)
        /// A real wait is this part of its class, drawn evenly (4.4), so that peers which lost
        /// each other at the same moment do not meet at the same moment again and again.
        static let spread: ClosedRange<Double> = 0.66...1.32
        /// Dials under way at a time, and of these to one host (4.4).
        static let dialsMax = 8
        static let dialsPerHostMax = 2
        /// From this priority on a peer counts for "has anybody got it" (4.3).
        static let prioritized = 2

        // -- what we chose

        /// Dials and connections that we began for topics: more peers of one drive make nothing
        /// faster (7). Peers given by hand come on top.
        static let clientsMax = 64
        /// Addresses kept from one source: a flood from one takes no place from the others.
        static let candidatesPerOrigin = 512
        /// Whom somebody named comes before whom we found.
        static let givenPriority = 6
        /// Addresses given by hand.
        static let givenMax = 1024
        /// Peers found in Mainline that are dialed at a time: most may be BitTorrent's, and must
        /// not keep the others from their turn (mainline-dht.md 7).
        static let mainlineDialsMax = 4
        /// A peer found in Mainline that was not one of ours is left alone for so long.
        static let strangerRest: TimeAmount = .hours(1)
        /// Peers, and topics of each, kept for the next start; runs without reaching one before it
        /// is forgotten.
        static let rememberedPeers = 64
        static let rememberedTopics = 8
        static let rememberedMisses = 5
        /// Topics remembered for one address.
        static let topicsPerPeerMax = 64
        /// Banned addresses remembered; the oldest is forgiven.
        static let bannedMax = 1024
        /// Another address of a peer that is being dialed, or was a moment ago, waits this long:
        /// mostly the first one will do. All addresses of one peer are heard of within a second;
        /// one that comes later may mean that the peer has moved.
        static let aliasDelay: TimeAmount = .seconds(2)
        /// News of a peer do not make us dial it more often than this.
        static let attemptPause: TimeAmount = .seconds(1)
        /// Idle connections kept for one public key (4.6); the survivor comes on top.
        static let heldPerKeyMax = 3
        /// Who has not closed a connection that lost after this long is using it: longer than the
        /// round trips after which both ends know.
        static let heldTime: TimeAmount = .seconds(1)
    }
}
