import CSodium

/// The Ed25519 pair of a writable feed (docs/spec/hypercore.md section 1).
public struct KeyPair: Sendable {
    public let publicKey: PublicKey
    /// libsodium's form: 32 bytes of seed, 32 bytes of public key.
    public let secretKey: SecureBytes

    /// The pair that belongs to a seed of 32 bytes.
    public init(seed: Bytes32) {
        var publicKey = Bytes32()
        secretKey = SecureBytes(count: 64) { secret in
            seed.withUnsafeBytes { seed in
                publicKey.withUnsafeMutableBytes { key in
                    let status = crypto_sign_seed_keypair(
                        key.bytePointer,
                        secret.bytePointer,
                        seed.bytePointer)
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
        guard publicKey.raw.bytes == Array(bytes[32...]) else { return nil }
    }

    /// A detached signature of 64 bytes.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        secretKey.withUnsafeBytes { secret in
            let status = crypto_sign_detached(
                &signature, nil, message, UInt64(message.count),
                secret.bytePointer)
            precondition(status == 0, "signing cannot fail")
        }
        return signature
    }
}

extension PublicKey {
    /// Whether `signature` is this key's for the message.
    public func verifies(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64 else { return false }
        return raw.withUnsafeBytes {
            crypto_sign_verify_detached(
                signature, message, UInt64(message.count),
                $0.bytePointer) == 0
        }
    }

    /// Whether `signature` is this key's for a tree of `length` blocks, in the 40-byte form that is
    /// written today or the 32-byte form of old feeds (docs/spec/hypercore.md section 4).
    public func verifies(_ signature: [UInt8], treeHash: Bytes32, length: UInt64) -> Bool {
        verifies(signature, for: TreeHash.signable(treeHash: treeHash, length: length))
            || verifies(signature, for: treeHash.bytes)
    }
}
