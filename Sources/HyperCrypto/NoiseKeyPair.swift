import CSodium

/// The X25519 pair that names a node on a connection (docs/spec/hypercore-protocol.md 1.1). Not a
/// feed's key.
public struct NoiseKeyPair: Sendable {
    public let publicKey: Bytes32
    public let secretKey: SecureBytes

    /// The pair that belongs to a seed: the secret is the seed's BLAKE2b hash.
    public init(seed: Bytes32) {
        self.init(secretKey: seed.withUnsafeBytes { Blake2b.hash32($0) })
    }

    /// The pair of a given secret.
    public init(secretKey raw: Bytes32) {
        secretKey = SecureBytes(count: 32) { out in
            raw.withUnsafeBytes { out.copyMemory(from: $0) }
        }
        var publicKey = Bytes32()
        secretKey.withUnsafeBytes { secret in
            publicKey.withUnsafeMutableBytes { key in
                let status = crypto_scalarmult_base(key.bytePointer, secret.bytePointer)
                precondition(status == 0, "every secret has a public key")
            }
        }
        self.publicKey = publicKey
    }

    /// A fresh pair.
    public init(random: inout some RandomSource) { self.init(secretKey: random.bytes32()) }
}
