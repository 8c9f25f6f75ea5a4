import HyperCrypto

/// CONTRACT SKELETON. One connection as a state machine: bytes and time in, bytes and events out.
/// Knows channels and messages, nothing of blocks and scheduling.
public struct Session {
    public enum Event {
        /// Handshake done: the remote's static key and the handshake hash.
        case established(remoteKey: Bytes32, handshakeHash: [UInt8])
        /// The remote opened a discovery key that we have not opened. Answer with open(...) or refuse(...).
        case unknownDiscoveryKey(DiscoveryKey)
        /// Both sides have opened this feed.
        case opened(ChannelID)
        case closed(ChannelID)
        case message(ChannelID, Message)
        /// Extension message, name looked up in the remote's list.
        case `extension`(ChannelID, name: String, payload: [UInt8])
        /// Remote's extension names on a channel (sorted).
        case extensions(ChannelID, [String])
    }
    /// Our own id of a channel, never reused on a connection.
    public struct ChannelID: Hashable, Sendable { public let raw: UInt64 }
    public struct Configuration: Sendable {
        public var staticKey: NoiseKeyPair
        public var encrypted = true
        public var handshake = true
        public var timeout: Duration = .seconds(20)
        public init(staticKey: NoiseKeyPair) { self.staticKey = staticKey }
    }
    public init(initiator: Bool, configuration: Configuration, random: inout some RandomSource, now: ContinuousClock.Instant) { preconditionFailure() }
    /// Throws SessionError: the connection must be dropped. Events in order of arrival are handed to `handle` as they are decoded.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, now: ContinuousClock.Instant, handle: (inout Session, Event) throws -> Void) throws { preconditionFailure() }
    /// Opens our side; sends Open with the capability. Throws if the remote opened it with a bad capability (then a Close was sent).
    public mutating func open(_ key: PublicKey, extensions: [String]) throws -> ChannelID { preconditionFailure() }
    public mutating func close(_ channel: ChannelID) { preconditionFailure() }
    public mutating func refuse(_ discoveryKey: DiscoveryKey) { preconditionFailure() }
    public mutating func setExtensions(_ names: [String], on channel: ChannelID) { preconditionFailure() }
    public mutating func send(_ message: Message, on channel: ChannelID) { preconditionFailure() }
    public mutating func send(extension name: String, payload: [UInt8], on channel: ChannelID) { preconditionFailure() }
    /// Bytes for the wire, encrypted, since the last call; empty = nothing.
    public mutating func takeOutput() -> [UInt8] { preconditionFailure() }
    public var queuedBytes: Int { preconditionFailure() }
    /// Keep-alive and time-out. Throws when the connection is dead.
    public mutating func tick(now: ContinuousClock.Instant) throws { preconditionFailure() }
    public var nextDeadline: ContinuousClock.Instant? { preconditionFailure() }
}
/// Feed-level messages (types 1...10), checked against every limit of the specification.
public enum Message: Sendable, Equatable {
    case options(extensions: [String], ack: Bool?)
    case status(uploading: Bool, downloading: Bool)
    case have(start: UInt64, length: UInt64?, bitfield: [UInt8]?, ack: Bool?)
    case unhave(start: UInt64, length: UInt64?)
    case want(start: UInt64, length: UInt64)
    case unwant(start: UInt64, length: UInt64)
    case request(index: UInt64, bytes: UInt64, hash: Bool, nodes: UInt64)
    case cancel(index: UInt64, bytes: UInt64, hash: Bool)
    case data(index: UInt64, value: [UInt8]?, nodes: [WireNode], signature: [UInt8]?)
}
public struct WireNode: Sendable, Equatable {
    public var index: UInt64; public var hash: Bytes32; public var size: UInt64
    public init(index: UInt64, hash: Bytes32, size: UInt64) { self.index = index; self.hash = hash; self.size = size }
}
public struct SessionError: Error, Sendable, CustomStringConvertible {
    public let code: String; public let message: String
    public init(_ code: String, _ message: String) { self.code = code; self.message = message }
    public var description: String { message }
}
