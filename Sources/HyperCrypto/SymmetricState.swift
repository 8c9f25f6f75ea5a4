/// The running hash and key of a Noise handshake: every byte seen goes into `hash`, every shared
/// secret into the chaining key (docs/spec/hypercore-protocol.md section 1.1).
struct SymmetricState: Sendable {
    static let protocolName = "Noise_XX_25519_ChaChaPoly_BLAKE2b"

    /// 64 bytes over all that went by; at the end it names the connection.
    private(set) var hash: [UInt8]
    private(set) var chainingKey: SecureBytes
    private(set) var cipher: CipherState?

    /// The state before the first message. The prologue is empty but is mixed in all the same.
    init() {
        // The name is shorter than a hash, so it is padded instead of hashed.
        let name = Array(Self.protocolName.utf8)
        let start = name + [UInt8](repeating: 0, count: 64 - name.count)
        hash = start
        chainingKey = SecureBytes(count: 64) { $0.copyBytes(from: start) }
        mixHash([])
    }

    mutating func mixHash(_ bytes: some Collection<UInt8>) {
        hash = Blake2b.hash64(hash + bytes)
    }

    mutating func mixKey(_ secret: SecureBytes) {
        let (first, second) = secret.withUnsafeBytes {
            HMAC.derive(chainingKey: chainingKey, material: $0)
        }
        chainingKey = first
        cipher = CipherState(key: second)
    }

    /// Seals a part of a message; before the first key it goes in the clear.
    mutating func encryptAndHash(_ text: [UInt8]) -> [UInt8] {
        let sealed = cipher?.encrypt(text, associatedData: hash) ?? text
        mixHash(sealed)
        return sealed
    }

    /// Opens a part of a message.
    mutating func decryptAndHash(_ sealed: ArraySlice<UInt8>) throws(NoiseError) -> [UInt8] {
        let text = try cipher?.decrypt(sealed, associatedData: hash) ?? Array(sealed)
        mixHash(sealed)
        return text
    }

    /// The keys of the two directions: the initiator's first.
    func split() -> (initiator: SecureBytes, responder: SecureBytes) {
        let (first, second) = HMAC.derive(
            chainingKey: chainingKey, material: UnsafeRawBufferPointer(start: nil, count: 0))
        return (first.prefix(32), second.prefix(32))
    }
}
