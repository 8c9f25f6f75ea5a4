import NIOCore

extension Limits {
    /// Bounds of the DHT node (docs/spec/dht.md), what the specification fixes first.
    enum DHT {
        // -- fixed by the specification

        /// Nodes in a bucket, in an answer, and that a query ends with (sections 6 and 7).
        static let bucketSize = 20
        /// Members of a full bucket that are asked whether they still live (section 6).
        static let oldestAsked = 3
        /// Requests of queries in flight, all queries together (section 3).
        static let concurrency = 16
        /// The same of a bootstrap while somebody's query runs (section 3).
        static let backgroundConcurrency = 2
        /// When a request is sent again, counted from the first time, and when it has failed
        /// (section 3: the early ends of its ranges).
        static let resends: [TimeAmount] = [.milliseconds(1500), .milliseconds(3750)]
        static let requestTimeout: TimeAmount = .milliseconds(6750)
        /// When whoever told us of a silent node is asked to open its NAT (section 3).
        static let punchDelay: TimeAmount = .milliseconds(500)
        /// More requests a second than this, and as many in flight, is saturation (section 3).
        static let saturationPerSecond = 50
        static let saturationSeconds = 5
        static let saturationInFlight = 16
        /// How long a secret signs round-trip tokens; the one before it is still accepted
        /// (section 4).
        static let secretLifetime: TimeAmount = .seconds(300)
        /// Nodes heard from this recently need no ping (section 6: its tick).
        static let recently: TimeAmount = .seconds(5)
        /// How often the least recently heard are asked, and how many of them (section 6).
        static let upkeepPeriod: TimeAmount = .seconds(40)
        static let upkeepPings = 5
        static let upkeepPingsBusy = 3
        /// How often a table of fewer than `bucketSize` nodes looks for more (section 6).
        static let rebootstrapPeriod: TimeAmount = .seconds(320)
        /// From ready to persistent: this long, and up to so much more (section 8).
        static let persistentDelay: TimeAmount = .seconds(20 * 60)
        static let persistentJitter: TimeAmount = .seconds(10 * 60)
        /// Between two announcements of a topic, drawn evenly (section 10.1).
        static let announcePeriod: ClosedRange<TimeAmount> = .seconds(300) ... .seconds(600)
        /// A timer that fires later than this has slept with the machine (section 8).
        static let sleepSlack: TimeAmount = .seconds(60)
        /// Reports of our own address that count, how many must agree, and how few may differ
        /// (section 9).
        static let addressReports = 10
        static let addressAgreement = 3
        static let addressDissent = 3
        /// Peers in one answer, LAN records among them at most (section 10.1).
        static let peersPerAnswer = 128
        static let localPeersPerAnswer = 32
        /// Records in a generation of announced peers, and how long it lasts (section 10.1).
        static let peerRecords = 65536
        static let peerGeneration: TimeAmount = .seconds(8 * 60)
        /// Values in a generation (section 10.3).
        static let values = 5000
        /// Bytes of a value and of a salt (sections 10.2 and 10.3).
        static let valueBytes = 1000
        static let saltBytes = 64

        // -- chosen by us; section 12 recommends most of it

        /// Longest datagram we read: the largest answer of the reference family has 1919 bytes.
        static let datagramBytes = 2048
        /// Longest datagram we send: passes every tunnel without being cut.
        static let answerBytes = 1200
        /// What an address gets that has not shown that it receives what we send to it: the
        /// datagram may have come from somebody else.
        static let nodesToUnproven = 8
        static let peersToUnproven = 50
        /// Answers a second to one address, and at once.
        static let answersPerSecond = 20.0
        static let answerBurst = 100.0
        /// Answers a second to all unproven addresses, and at once.
        static let strangersPerSecond = 500.0
        static let strangersBurst = 2000.0
        /// Addresses that a limiter remembers.
        static let limiterSources = 16384
        /// Hole punches relayed a second for one address, and at once.
        static let relaysPerSecond = 5.0
        static let relayBurst = 20.0
        /// Hole punches a second sent to one address, and at once: many may dial one peer.
        static let punchesPerSecond = 5.0
        static let punchBurst = 50.0
        /// Who proved an address is remembered for one to two generations of this many.
        static let provenSources = 8192
        /// Requests waiting for an answer; the number of a request has 16 bits.
        static let outstanding = 512
        /// Requests waiting to be sent while saturated.
        static let queued = 4096
        /// Newcomers being verified at a time.
        static let verifications = 32
        /// A newcomer that does not answer within this long is not let in.
        static let verificationTimeout: TimeAmount = .milliseconds(1500)
        /// Between two checks whether members of full buckets still live.
        static let evictionPause: TimeAmount = .seconds(5)
        /// Entries of the table in one /24 network.
        static let tablePerNetwork24 = 2
        /// Entries of the table in one /16 network: so many, or a tenth of the table.
        static let tablePerNetwork16 = 8
        /// Nodes per /24 network that a query ends with; per address it is one.
        static let closestPerNetwork24 = 3
        /// Requests of a query in flight while each answer still leads nearer: fewer messages.
        static let approachConcurrency = 4
        /// A request this old no longer holds a query up; its answer still counts.
        static let lateAfter: TimeAmount = .seconds(1)
        /// Late answers of nodes that one node told us of before we stop believing it.
        static let lateBelieved = 3
        /// A query ends after this long, or after asking so many nodes.
        static let queryTime: TimeAmount = .seconds(15)
        static let queryRequests = 160
        /// The update after it takes no longer than its requests.
        static let updateTime: TimeAmount = .seconds(8)
        /// Nodes that a query keeps to ask: room for those that a few liars make up beside the true
        /// ones.
        static let candidates = 128
        /// Queries at a time; each holds a few kilobytes.
        static let queries = 1024
        /// Hole punches of our own at a time.
        static let punches = 256
        /// We store for keys to which fewer nodes than this are nearer than we.
        static let storeRank = 40
        /// Records of one topic in a generation, and those of one host among them.
        static let peersPerTopic = 1024
        static let peersPerTopicAndHost = 8
        /// Records of one host in a generation of peers, and of values.
        static let peersPerHost = 200
        static let valuesPerHost = 50
        /// Bytes of a foreign round-trip token that we keep and send back.
        static let tokenBytes = 64
        /// Nodes saved for a quick start, and asked at one.
        static let savedNodes = 200
    }
}
