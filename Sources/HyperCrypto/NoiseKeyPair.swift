import CSodium

/// The X25519 pair that names a node on a connection (docs/spec/hypercore-protocol.md 1.1). Not a
/// feed's key.
public struct NoiseKeyPair: Sendable {
    /// What the other side sees.
    public let publicKey: Bytes32

    /// 32 bytes.
    public let secretKey: SecureBytes

    /// The pair that belongs to a seed: the secret is the seed's BLAKE2b hash.
    public init(seed: Bytes32) {
        self.init(secretKey: seed.withUnsafeBytes { Blake2b.hash32($0) })
    }

    /// The pair of a given secret.
    public init(secretKey raw: Bytes32) {
        let secretKey = SecureBytes(count: 32) { out in
            raw.withUnsafeBytes { out.copyMemory(from: $0) }
        }
        self.secretKey = secretKey
        publicKey = Bytes32(unsafeUninitialized: { key in
            secretKey.withUnsafeBytes { secret in
                let status = crypto_scalarmult_base(key.bytePointer, secret.bytePointer)
                precondition(status == 0, "every secret has a public key")
            }
        })
    }

    /// A fresh pair.
    public init(random: inout some RandomSource) { self.init(secretKey: random.bytes32()) }

    /// The secret that both sides compute from their own secret and the other's public key.
    func sharedSecret(with remote: Bytes32) throws(NoiseError) -> SecureBytes {
        var isUsable = false
        let shared = SecureBytes(count: 32) { out in
            secretKey.withUnsafeBytes { secret in
                remote.withUnsafeBytes { remote in
                    isUsable =
                        crypto_scalarmult(out.bytePointer, secret.bytePointer, remote.bytePointer)
                        == 0
                }
            }
        }
        // libsodium refuses an all-zero result, which a hostile key of low order brings about.
        guard isUsable else { throw .weakKey }
        return shared
    }
}
