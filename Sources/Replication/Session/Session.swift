import HyperCrypto

/// One connection as a state machine: bytes and time in, bytes and events out. Knows channels and
/// messages, nothing of blocks and scheduling (docs/spec/hypercore-protocol.md).
///
/// The owner
/// - hands every chunk that arrives to `receive`, and calls `tick` at `nextDeadline`;
/// - after either, and after anything it asked for itself, sends what `takeOutput` returns;
/// - drops the connection when `receive` or `tick` throws;
/// - stops reading from the connection while `queuedBytes` is high.
///
/// A value: a copy is a second session with the same keys, which must never speak. Use from one
/// place at a time.
public struct Session {
    /// Our own number of a channel, never used twice on a connection.
    public struct ChannelID: Hashable, Sendable {
        /// The number on the wire; 0 is the connection itself.
        public let raw: UInt64

        /// Channel 0, for extensions of the connection. It is always open.
        public static let connection = ChannelID(raw: 0)
    }

    /// What has happened, in the order of arrival.
    public enum Event {
        /// The handshake is done: the remote's static key and the hash of the handshake (64 bytes).
        /// Throw to refuse the peer. Never comes with `Configuration.handshake` off.
        case established(remoteKey: Bytes32, handshakeHash: [UInt8])
        /// The remote opened a feed that we have not opened. Answer with `open` or `refuse`, now or
        /// later, or not at all.
        case unknownDiscoveryKey(DiscoveryKey)
        /// Both sides have opened this feed: messages may be sent. Our Options are on their way
        /// already, if there are any. Comes also for an `open` that found the remote waiting:
        /// behind the present event, or with the next `receive` or `deliver`. (`isOpen` tells at
        /// once.)
        case opened(ChannelID)
        /// The remote closed or refused the channel; it is gone. Not for our own `close`.
        case closed(ChannelID)
        /// A message about a feed. Options come as this and as `extensions`.
        case message(ChannelID, Message)
        /// An extension message, its name looked up in the remote's list.
        case `extension`(ChannelID, name: String, payload: [UInt8])
        /// The remote's extension names on a channel, sorted.
        case extensions(ChannelID, [String])
    }

    /// How a node speaks. Both sides must agree: nothing is negotiated (section 7).
    public struct Configuration: Sendable {
        /// What names this node on the connection.
        public var staticKey: NoiseKeyPair
        /// Off: frames are sent in the clear after the handshake.
        public var encrypted = true
        /// Off (only together with `encrypted`): no handshake, no proof of knowing a feed's key.
        public var handshake = true
        /// Silence after which the connection is dead, and twice the keep-alive interval. Zero =
        /// never.
        public var timeout: Duration = .seconds(20)
        /// Whether a remote with this static key may connect: asked before we prove our own
        /// (section 1.5). `nil` = anybody.
        public var authenticate: (@Sendable (Bytes32) -> Bool)?

        /// The usual: encrypted, a time-out of 20 seconds.
        public init(staticKey: NoiseKeyPair) { self.staticKey = staticKey }
    }

    let configuration: Configuration
    var handshake: SessionHandshake?
    /// The keys of the handshake, for the proofs of knowing a feed.
    var keys: TransportKeys?
    var reader = FrameReader()
    var decryption: XSalsa20Stream?
    var writer = FrameWriter()
    /// What was asked for before the handshake ended.
    var backlog: [Backlog] = []
    var table = ChannelTable()
    var connectionExtensions = ChannelExtensions()
    var timers: SessionTimers
    /// Events that came about while the owner was asking for something.
    var events: [Event] = []
    /// Messages on channels that we have not opened, less the welcome ones.
    var dropped = 0
    var failure: (any Error)?
    var isReceiving = false

    /// Bytes that have arrived, handshake and keep-alives included.
    public internal(set) var bytesReceived: UInt64 = 0
    /// The remote's static key, once the handshake is done.
    public internal(set) var remoteKey: Bytes32?
    /// The hash of the handshake, 64 bytes, the same on both sides, once it is done.
    public internal(set) var handshakeHash: [UInt8]?

    /// A session that has just begun. An initiator has bytes to send at once.
    ///
    /// - Parameters:
    ///   - initiator: whether this side opened the connection; exactly one side must say so.
    ///   - random: gives 32 bytes for the ephemeral key, then 24 for the nonce.
    ///   - now: when the connection was made.
    public init(
        initiator: Bool, configuration: Configuration, random: inout some RandomSource,
        now: ContinuousClock.Instant
    ) {
        self.configuration = configuration
        timers = SessionTimers(timeout: configuration.timeout, now: now)
        guard configuration.encrypted || configuration.handshake else { return }
        var handshake = SessionHandshake(
            initiator: initiator, configuration: configuration, random: &random)
        do { try handshake.start(&writer) } catch { failure = error }
        self.handshake = handshake
    }

    /// Whether the handshake is done. What is sent before waits for it.
    public var isEstablished: Bool { handshake == nil }

    /// Our open channels, oldest first, whether the remote has opened them or not.
    public var channels: [ChannelID] { table.open }
    /// How many these are. A connection without channels that is not meant to live on may end.
    public var channelCount: Int { table.count }
    /// Whether both sides have opened this channel.
    public func isOpen(_ channel: ChannelID) -> Bool { table[channel]?.remote != nil }
    /// Our channel for a feed.
    public func channel(for discoveryKey: DiscoveryKey) -> ChannelID? { table.id(of: discoveryKey) }
    /// The feed of a channel.
    public func key(of channel: ChannelID) -> PublicKey? { table[channel]?.key }
}
