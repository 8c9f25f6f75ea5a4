import NIOCore

/// Every bound of the uTP transport, with its reason.
extension Limits {
    enum UTP {
        // MARK: What docs/spec/utp.md fixes

        /// Packets that the family's receivers keep out of order: never send further ahead (6).
        static let familyFlightPackets = 1023
        /// An acknowledgment may be this many packets older than what is in flight (5).
        static let acknowledgmentSlack = 3
        /// Largest datagram over IPv4 (6): leaves room for the headers of common tunnels.
        static let datagramBytes = 1402
        /// Largest datagram over IPv6 (6), and what every sane path of today carries.
        static let safeDatagramBytes = 1232
        /// What any path carries (6).
        static let smallDatagramBytes = 576 - 28
        /// SYNs go out after these times (4; swarm.md 3.2: the early copies are for firewalls that
        /// open when both sides have sent).
        static let synSchedule: [TimeAmount] = [
            .zero, .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(3), .seconds(9),
        ]
        /// Then a dial begins anew under a second connection id: an acceptor of the family answers
        /// only the first SYN of an id, and that answer may be lost (swarm.md 3.2).
        static let secondAttempt: TimeAmount = .seconds(2)
        /// A half-open connection is forgotten after this (4); half-open ones in all, and from one
        /// address (12).
        static let halfOpenTime: TimeAmount = .seconds(10)
        static let halfOpenMax = 256
        static let halfOpenPerAddressMax = 8
        /// RESETs to one address (12), and how many addresses are remembered for it.
        static let resetInterval: TimeAmount = .seconds(1)
        static let resetMemoryMax = 1000
        /// The least retransmission timeout (7); the most is our choice.
        static let timeoutMin: TimeAmount = .seconds(1)
        static let timeoutMax: TimeAmount = .seconds(16)
        /// Before the first measurement (7).
        static let timeoutInitial: TimeAmount = .seconds(3)
        /// Full timeouts in a row until the connection has failed: 1 + 2 + 4 + 8 + 16 s (7).
        static let timeoutsMax = 5
        /// A peer that closed its window for this long while data waits has failed (12).
        static let closedWindowTime: TimeAmount = .seconds(60)
        /// Minutes over which the least delay is remembered (8).
        static let delayHistoryMinutes = 13

        // MARK: What we chose

        /// Out-of-order packets that we keep: what `windowMax` holds of full packets.
        static let reorderPackets = 4096
        /// Our window at first: that of the family (5). It doubles when that much has come in good
        /// order, up to the most: 4 MiB over 50 ms are 80 MB/s.
        static let windowInitial = 1 << 20
        static let windowMax = 4 << 20
        /// A peer that offers more than this is not of the family and takes more packets ahead.
        static let familyWindowMax = 2 << 20
        /// Out-of-order bytes of all connections together: a peer may send all but one packet.
        static let reorderBytesInAll = 64 << 20
        /// A selective acknowledgment is at most this long: its length is one byte, and whole words
        /// are easy on the peer.
        static let selectiveAckBytes = 252
        /// An acknowledgment waits this long for company, or for this many packets.
        static let acknowledgmentDelay: TimeAmount = .milliseconds(10)
        static let acknowledgmentPackets = 2
        /// What the peer may take to acknowledge (the family looks every 20 ms), on top of a round
        /// trip, before we suspect that the last packet was lost.
        static let acknowledgmentPatience: TimeAmount = .milliseconds(25)
        /// Probes by the oldest packet before a silence counts as a timeout.
        static let probesMax = 2
        /// A later packet acknowledged this many times makes an earlier one lost. Grows up to the
        /// most when the network turns out to reorder.
        static let reorderingMin = 3
        static let reorderingMax = 256
        /// Something is sent at least this often: NATs forget a silent peer after 30 s (10).
        static let keepAlive: TimeAmount = .seconds(20)
        /// A peer that answered none of three keep-alives is gone.
        static let silenceMax: TimeAmount = .seconds(70)
        /// How long a connection that ended in good order still repeats its last acknowledgment.
        static let lingerTime: TimeAmount = .seconds(3)
        /// A closed window is tried after this, then later and later.
        static let windowProbeMin: TimeAmount = .seconds(1)
        static let windowProbeMax: TimeAmount = .seconds(15)
        /// Attempts at a larger datagram, and the time until the next ones.
        static let sizeProbesMax = 3
        static let sizeProbeInterval: TimeAmount = .minutes(10)
        /// Connections of one port, half-open ones included.
        static let connectionsMax = 1024
        /// A silent connection may be replaced by a restarted peer's SYN after this.
        static let restartSilence: TimeAmount = .milliseconds(200)

        // MARK: The port

        /// What the kernel may keep for us: more than a window, for a loop that is busy elsewhere.
        static let receiveBufferBytes: Int32 = 4 << 20
        static let sendBufferBytes: Int32 = 1 << 20
        /// Datagrams of one system call; the kernel may glue several of one sender together.
        static let readDatagrams = 16
        static let readDatagramBytes = 64 << 10
        /// Bytes that wait for room in the kernel's buffer; more are lost, as on any network.
        static let backlogBytes = 4 << 20
        static let backlogPause: TimeAmount = .milliseconds(1)
        /// How long the end of the port waits for the goodbyes of its connections.
        static let goodbyeTime: TimeAmount = .milliseconds(500)

        // MARK: Congestion (8, recommendations of our own sender)

        /// First window in packets (RFC 6928), and the least.
        static let initialPackets = 10
        static let leastPackets = 2
        /// Queueing that we aim for: enough to keep a link busy, little enough for a call beside.
        static let targetDelay = 60_000
        /// Doubling per round trip ends when a queue of this many microseconds shows.
        static let slowStartDelay = 25_000
        /// At the target's half a loss means a full queue; below it may be the radio.
        static let lossDelay = 30_000
        /// Losses that are forgiven without a queue: this many, and this part of the packets
        /// (one in 32).
        static let forgivenLosses = 4
        static let forgivenShare = 32
        /// Packets over which losses are counted before the count is halved.
        static let lossMemory = 1024
        /// Packets leave in bursts of about this time; below this round trip they are not spaced.
        static let burstTime: TimeAmount = .milliseconds(2)
        static let pacingRoundTrip: TimeAmount = .milliseconds(3)
    }
}
