/// Every bound of a session. Nothing a peer sends makes a session hold more than these allow.
enum SessionLimits {
    // -- fixed by docs/spec/hypercore-protocol.md

    /// Largest body of a frame, in bytes (section 3).
    static let frameBody = 8 << 20
    /// Longest varint, in bytes (section 3).
    static let varintBytes = 8
    /// Largest integer anywhere: the peers of the reference family count in doubles (section 11).
    static let integer: UInt64 = (1 << 53) - 1
    /// Length of a handshake message, in bytes: a public key at least, and what Noise allows at
    /// most (section 11).
    static let handshakeMessage = 32...65535
    /// The transport nonce that the handshake payload carries, in bytes (section 1.3).
    static let nonce = 24
    /// Channel numbers stay below this (section 11).
    static let channelNumber: UInt64 = 1 << 27
    /// Hashes in a Data message: two lists of at most one node for each level of a tree
    /// (docs/spec/hypercore.md section 13).
    static let dataNodes = 128
    /// Extension names in one list, and the bytes of one name (docs/spec/hypercore.md section 13).
    static let extensionNames = 256
    static let extensionNameBytes = 256

    // -- chosen by us

    /// From creation to the end of the handshake, however the remote dribbles: the default idle
    /// time-out of the protocol.
    static let handshakeTime: Duration = .seconds(20)
    /// Channels that a remote may have open at a time, and as many of our own.
    static let channels = 4096
    /// Feeds that a remote has opened and we have not: each is 100 bytes of memory. What comes on
    /// top is refused at once, which costs nobody anything: when we open the feed later, the remote
    /// opens it again.
    static let strangers = 1024
    /// Messages on channels that we have not opened, not counting one for each message that was
    /// welcome. Closing a busy channel leaves a window's worth of them in flight.
    static let dropped = 4096
    /// Bytes queued for a remote that does not read. The owner of a session stops feeding it long
    /// before (`queuedBytes`); this catches replies of the session itself.
    static let queuedBytes = 64 << 20
    /// Bytes gathered before they are encrypted: few calls, while they are still in the cache.
    static let sealing = 16 << 10
    /// Memory that an idle input buffer keeps: what a stream of 64 KiB blocks needs, and large
    /// reads.
    static let idleBuffer = 1 << 20
}
