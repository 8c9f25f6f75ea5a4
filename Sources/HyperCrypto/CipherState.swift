import CSodium

/// A key and a counter that never meet twice: ChaCha20-Poly1305 as the Noise handshake uses it
/// (docs/spec/hypercore-protocol.md section 1.1).
///
///     nonce:  00 00 00 00 | counter, 8 bytes little endian
struct CipherState: Sendable {
    private let key: SecureBytes
    private var counter: UInt64 = 0

    /// The first 32 bytes of `key` are used.
    init(key: SecureBytes) {
        precondition(key.count >= 32, "the key has 32 bytes")
        self.key = key
    }

    /// Seals a text; 16 bytes longer than it.
    mutating func encrypt(_ text: [UInt8], associatedData: [UInt8]) -> [UInt8] {
        let nonce = nextNonce()
        let size = text.count + SpecLimits.noiseTagBytes
        var sealed = [UInt8](repeating: 0, count: size)
        let status = key.withUnsafeBytes { key in
            crypto_aead_chacha20poly1305_ietf_encrypt(
                &sealed, nil, text, UInt64(text.count),
                associatedData, UInt64(associatedData.count), nil, nonce, key.bytePointer)
        }
        precondition(status == 0, "sealing cannot fail")
        return sealed
    }

    /// Opens what `encrypt` of the other side has sealed at the same place.
    mutating func decrypt(
        _ sealed: ArraySlice<UInt8>, associatedData: [UInt8]
    ) throws(NoiseError) -> [UInt8] {
        guard sealed.count >= SpecLimits.noiseTagBytes else { throw .tooShort }
        let nonce = nextNonce()
        var text = [UInt8](repeating: 0, count: sealed.count - SpecLimits.noiseTagBytes)
        let status = key.withUnsafeBytes { key in
            sealed.withUnsafeBytes { sealed in
                crypto_aead_chacha20poly1305_ietf_decrypt(
                    &text, nil, nil, sealed.bytePointer, UInt64(sealed.count),
                    associatedData, UInt64(associatedData.count), nonce, key.bytePointer)
            }
        }
        guard status == 0 else { throw .forged }
        return text
    }

    private mutating func nextNonce() -> [UInt8] {
        defer { counter += 1 }
        return [0, 0, 0, 0] + withUnsafeBytes(of: counter.littleEndian) { [UInt8]($0) }
    }

    /// For tests that compare with recorded states.
    var keyHex: String { key.withUnsafeBytes { $0.prefix(32).hex } }
}
