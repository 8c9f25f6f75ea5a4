/// One side of the Noise XX handshake that opens every connection: three messages, after which
/// both sides know each other's static key and share two secrets
/// (docs/spec/hypercore-protocol.md section 1).
///
///     -> e                  initiator writes, responder reads
///     <- e, ee, s, es       responder writes, initiator reads
///     -> s, se              initiator writes, responder reads
///
/// Messages are without their length prefix. After an error the handshake is dead: every further
/// call throws `failed`. Small state without a reference to shared data; a copy must not go on
/// beside the original.
public struct NoiseHandshake: Sendable {
    /// Whether this side opened the connection.
    public let isInitiator: Bool

    /// The remote's key that names it across connections; known to the initiator after message 2,
    /// to the responder after message 3.
    public private(set) var remoteStaticKey: Bytes32?

    private let staticKey: NoiseKeyPair
    private let ephemeralKey: NoiseKeyPair
    private var remoteEphemeralKey: Bytes32?
    private(set) var symmetric = SymmetricState()
    /// Messages written and read so far.
    private var messageCount = 0
    private var hasFailed = false

    private enum Token { case e, s, ee, es, se }
    private static let messages: [[Token]] = [[.e], [.e, .ee, .s, .es], [.s, .se]]

    /// The start, with a fresh ephemeral key.
    public init(initiator: Bool, staticKey: NoiseKeyPair, random: inout some RandomSource) {
        self.init(
            initiator: initiator, staticKey: staticKey,
            ephemeralKey: NoiseKeyPair(random: &random))
    }

    /// The start with a given ephemeral key, which must never be used twice.
    public init(initiator: Bool, staticKey: NoiseKeyPair, ephemeralKey: NoiseKeyPair) {
        isInitiator = initiator
        self.staticKey = staticKey
        self.ephemeralKey = ephemeralKey
    }

    /// Whether all three messages are through.
    public var isComplete: Bool { messageCount == Self.messages.count && !hasFailed }

    /// Whether the next message is this side's to write.
    public var isWriting: Bool {
        messageCount < Self.messages.count && !hasFailed
            && (messageCount % 2 == 0) == isInitiator
    }

    /// The 64 bytes that name this connection on both sides, once it is complete.
    public var hash: [UInt8] {
        precondition(isComplete, "the hash is not final before the handshake is")
        return symmetric.hash
    }

    /// The next message, with a payload that is sealed in all but the first.
    public mutating func writeMessage(payload: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard !hasFailed else { throw .failed }
        guard isWriting else { throw .outOfTurn }
        do {
            let message = try compose(payload)
            messageCount += 1
            return message
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// Takes the remote's message and gives its payload.
    public mutating func readMessage(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard !hasFailed else { throw .failed }
        do throws(NoiseError) {
            guard !isWriting, !isComplete else { throw .outOfTurn }
            let payload = try parse(message)
            messageCount += 1
            return payload
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// The keys of the connection, once it is complete.
    public func split() -> TransportKeys {
        precondition(isComplete, "there are no keys before the handshake is complete")
        let (initiator, responder) = symmetric.split()
        return isInitiator
            ? TransportKeys(tx: initiator, rx: responder)
            : TransportKeys(tx: responder, rx: initiator)
    }

    private mutating func compose(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] {
        var message: [UInt8] = []
        for token in Self.messages[messageCount] {
            switch token {
            case .e:
                let key = ephemeralKey.publicKey.bytes
                symmetric.mixHash(key)
                message += key
            case .s:
                message += symmetric.encryptAndHash(staticKey.publicKey.bytes)
            case .ee, .es, .se:
                symmetric.mixKey(try sharedSecret(token))
            }
        }
        message += symmetric.encryptAndHash(payload)
        guard message.count <= SpecLimits.noiseMessageBytesMax else { throw .tooLong }
        return message
    }

    private mutating func parse(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard message.count <= SpecLimits.noiseMessageBytesMax else { throw .tooLong }
        var rest = message[...]
        for token in Self.messages[messageCount] {
            switch token {
            case .e:
                let key = try take(SpecLimits.noiseKeyBytes, from: &rest)
                symmetric.mixHash(key)
                remoteEphemeralKey = Bytes32(key)
            case .s:
                let size = SpecLimits.noiseKeyBytes + SpecLimits.noiseTagBytes
                let sealed = try take(size, from: &rest)
                remoteStaticKey = Bytes32(try symmetric.decryptAndHash(sealed))
            case .ee, .es, .se:
                symmetric.mixKey(try sharedSecret(token))
            }
        }
        return try symmetric.decryptAndHash(rest)
    }

    private func take(
        _ count: Int, from rest: inout ArraySlice<UInt8>
    ) throws(NoiseError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw .tooShort }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// The first letter of a token is the initiator's key, the second the responder's.
    private func sharedSecret(_ token: Token) throws(NoiseError) -> SecureBytes {
        let usesOwnStatic = token == (isInitiator ? .se : .es)
        let usesRemoteStatic = token == (isInitiator ? .es : .se)
        guard let remote = usesRemoteStatic ? remoteStaticKey : remoteEphemeralKey else {
            preconditionFailure("the tokens bring every key before its first use")
        }
        return try (usesOwnStatic ? staticKey : ephemeralKey).sharedSecret(with: remote)
    }
}
