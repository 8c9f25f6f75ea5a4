import CSodium

/// The Ed25519 pair of a writable feed (docs/spec/hypercore.md section 1).
public struct KeyPair: Sendable {
    /// The feed's key.
    public let publicKey: PublicKey

    /// libsodium's form: 32 bytes of seed, 32 bytes of public key.
    public let secretKey: SecureBytes

    /// The pair that belongs to a seed.
    public init(seed: Bytes32) {
        var publicKey = Bytes32()
        secretKey = SecureBytes(count: 64) { secret in
            seed.withUnsafeBytes { seed in
                publicKey.withUnsafeMutableBytes { key in
                    let status = crypto_sign_seed_keypair(
                        key.bytePointer, secret.bytePointer, seed.bytePointer)
                    precondition(status == 0, "every seed has a pair")
                }
            }
        }
        self.publicKey = PublicKey(publicKey)
    }

    /// A fresh pair.
    public init(random: inout some RandomSource) {
        self.init(seed: random.bytes32())
    }

    /// The pair stored as 64 bytes; `nil` when the halves do not belong together.
    public init?(secretKey bytes: [UInt8]) {
        guard bytes.count == 64, let seed = Bytes32(bytes[..<32]) else { return nil }
        self.init(seed: seed)
        guard publicKey.raw.bytes.elementsEqual(bytes[32...]) else { return nil }
    }

    /// A detached signature of 64 bytes.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        secretKey.withUnsafeBytes { secret in
            let status = crypto_sign_detached(
                &signature, nil, message, UInt64(message.count), secret.bytePointer)
            precondition(status == 0, "signing cannot fail")
        }
        return signature
    }
}
