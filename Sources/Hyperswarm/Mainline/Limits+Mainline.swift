import NIOCore

extension Limits {
    /// Bounds of the node of the BitTorrent Mainline DHT (docs/spec/mainline-dht.md).
    enum Mainline {
        // -- fixed by the specification

        /// Nodes in a bucket, in an answer, and that a query ends with (section 3).
        static let bucketSize = 8
        /// Bytes of an id and of everything else that is looked for.
        static let idBytes = 20
        /// Bencoded bytes of a value, and bytes of a salt (section 5).
        static let valueBytes = 1000
        static let saltBytes = 64
        /// How long a node is good without a word, and how often a table is refreshed (section 3).
        static let refreshPeriod: TimeAmount = .seconds(15 * 60)
        /// Half of how long an announced peer is kept: 20 to 40 minutes (section 4).
        static let peerGeneration: TimeAmount = .seconds(20 * 60)

        /// Between two announcements of a topic, drawn evenly (section 4).
        static let announcePeriod: ClosedRange<TimeAmount> = .seconds(780) ... .seconds(900)
        /// Announced ports below this are poison (section 10, trap 4).
        static let peerPortMin: UInt16 = 1024

        // -- chosen by us; section 8 recommends most of it

        /// Longest datagram we read and send.
        static let datagramBytes = 1500
        static let answerBytes = 1024
        /// Lists and dictionaries inside each other; KRPC needs three.
        static let depth = 8
        /// Bytes of a transaction id of others.
        static let transactionBytes = 16
        /// Bytes of our tokens, and of those of others.
        static let tokenBytes = 8
        static let foreignTokenBytes = 64
        /// Peers in an answer, and to whom we know nothing of.
        static let peersPerAnswer = 100
        static let peersToUnproven = 30
        /// A query is one datagram: it is late after a second, has failed after two.
        static let lateAfter: TimeAmount = .seconds(1)
        static let timeout: TimeAmount = .seconds(2)
        /// How often stale nodes are asked, how many, and when a node is stale.
        static let upkeepPeriod: TimeAmount = .seconds(60)
        static let upkeepPings = 2
    }
}
