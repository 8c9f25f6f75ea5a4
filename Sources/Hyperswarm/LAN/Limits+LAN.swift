import NIOCore

extension Limits {
    /// Bounds of finding peers by multicast DNS.
    enum LAN {
        // -- docs/spec/swarm.md 1

        /// Between two queries for one topic, drawn evenly (1.6).
        static let queryInterval: ClosedRange<Int64> = 30_000...60_000
        /// Questions of one packet that are answered (1.7).
        static let answeredQuestionsMax = 100
        /// Answers about one topic in a second (1.7).
        static let answersPerSecond = 10.0
        /// Different peers of one topic that are believed within `peersWindow` (1.7).
        static let peersPerTopicMax = 64
        static let peersWindow: TimeAmount = .minutes(1)
        /// Topics that are due within this time share a packet (7).
        static let mergeWindow: TimeAmount = .seconds(1)
        /// Interfaces are looked at this often (1.1).
        static let interfaceScan: TimeAmount = .seconds(5)

        // -- what we chose

        /// A first query may be lost, on a wireless network it often is: it is repeated after
        /// these times for as long as nobody has answered.
        static let earlyRepeats: [TimeAmount] = [.seconds(1), .seconds(3)]
        /// An answer equal to one that left within this time is that one.
        static let mergeAnswers: TimeAmount = .milliseconds(100)
        /// Topics joined at a time: each costs two packets a minute on every interface.
        static let topicsMax = 1024
        /// Interfaces used at a time: a host with more of them is a switch, not a peer.
        static let interfacesMax = 32
        /// Addresses of one interface that are looked at.
        static let subnetsMax = 16
        /// What fits an Ethernet frame with all headers, IPv6 included.
        static let packetBytes = 1400
        /// RFC 6762 section 17: longer ones are not multicast DNS.
        static let packetBytesMax = 9000
        /// Records looked at in one packet, questions included.
        static let recordsMax = 512
        /// Pointers followed in one name, each to an earlier place: more is play.
        static let jumpsMax = 16
        /// RFC 1035 section 3.1: length of a name on the wire.
        static let nameBytesMax = 255
        /// Packets looked at in a second: a busy network of thousands of hosts has fewer.
        static let packetsPerSecond = 500.0
        /// Packets not yet handed to the socket; the network takes them at once or never.
        static let effectsMax = 4096
    }
}
