import Foundation
import HyperCrypto
import WireMessages

/// The handshake of a connection: three Noise messages, each behind its length, that carry the
/// nonces of the stream cipher (docs/spec/hypercore-protocol.md section 1).
struct SessionHandshake {
    /// What a finished handshake leaves.
    struct Outcome {
        let keys: TransportKeys
        let remoteKey: Bytes32
        let hash: [UInt8]
        /// For the cipher of what we send.
        let nonce: [UInt8]
        /// For the cipher of what we receive.
        let remoteNonce: [UInt8]
    }

    private var noise: NoiseHandshake
    private let authenticate: (@Sendable (Bytes32) -> Bool)?
    private let nonce: [UInt8]
    /// The remote's last payload that was not empty.
    private var remotePayload: [UInt8] = []
    /// The part of a message, with its length, that has arrived.
    private var input: [UInt8] = []

    init(
        initiator: Bool, configuration: Session.Configuration, random: inout some RandomSource
    ) {
        noise = NoiseHandshake(
            initiator: initiator, staticKey: configuration.staticKey, random: &random)
        authenticate = configuration.authenticate
        nonce = random.bytes(SessionLimits.nonce)
    }

    /// The initiator speaks first.
    mutating func start(_ writer: inout FrameWriter) throws(SessionError) {
        if noise.isWriting { try write(&writer) }
    }

    /// Takes bytes; answers go to `writer`. Returns how many were used, and the outcome with the
    /// last of them. What follows belongs to the frames.
    mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ writer: inout FrameWriter
    ) throws(SessionError) -> (used: Int, outcome: Outcome?) {
        var used = 0
        while true {
            let (prefix, missing) = try awaited()
            if missing > 0 {
                guard used < bytes.count else { return (used, nil) }
                let count = min(missing, bytes.count - used)
                input.append(contentsOf: bytes[used..<used + count])
                used += count
            } else {
                let message = Array(input[prefix...])
                input = []
                try read(message)
                if noise.isWriting { try write(&writer) }
                if noise.isComplete { return (used, try outcome()) }
            }
        }
    }

    /// Size of the length in front, and how many bytes of it or of the message are to come.
    private func awaited() throws(SessionError) -> (prefix: Int, missing: Int) {
        let reading = input.withUnsafeBytes { Varint.read($0, at: 0, end: $0.count) }
        switch reading {
        case .incomplete: return (0, 1)
        case .value(let length, let prefix)
        where length <= UInt64(SessionLimits.handshakeMessage.upperBound)
            && length >= UInt64(SessionLimits.handshakeMessage.lowerBound):
            return (prefix, prefix + Int(length) - input.count)
        default: throw .handshake("a handshake message has an impossible length")
        }
    }

    private mutating func read(_ message: [UInt8]) throws(SessionError) {
        do {
            let payload = try noise.readMessage(message)
            if !payload.isEmpty { remotePayload = payload }
        } catch {
            throw .handshake("\(error)")
        }
        // As soon as we know who it is: an initiator has not shown its own key yet.
        if let key = noise.remoteStaticKey, let authenticate, !authenticate(key) {
            throw .handshake("the peer with the key \(key) is not welcome")
        }
    }

    /// The next message, with the same payload each time.
    private mutating func write(_ writer: inout FrameWriter) throws(SessionError) {
        var payload = Wire_NoisePayload()
        payload.nonce = Data(nonce)
        do {
            writer.appendHandshake(
                try noise.writeMessage(payload: try payload.serializedBytes()))
        } catch {
            throw .handshake("\(error)")
        }
    }

    private func outcome() throws(SessionError) -> Outcome {
        guard let remoteKey = noise.remoteStaticKey else {
            throw .handshake("the handshake ended without the peer's key")
        }
        return Outcome(
            keys: noise.split(), remoteKey: remoteKey, hash: noise.hash, nonce: nonce,
            remoteNonce: try remoteNonce())
    }

    private func remoteNonce() throws(SessionError) -> [UInt8] {
        let payload = remotePayload
        guard !payload.isEmpty else { throw .handshake("the peer did not send a nonce") }
        do {
            let wire = try payload.withUnsafeBytes { try Wire_NoisePayload(strict: $0, [.bytes]) }
            guard wire.nonce.count == SessionLimits.nonce else {
                throw SessionError.handshake("the peer's nonce does not have 24 bytes")
            }
            return [UInt8](wire.nonce)
        } catch {
            throw .handshake("the peer's nonce cannot be read: \(error)")
        }
    }
}
