import CSodium

/// Proof that the opener of a channel knows the feed's public key, bound to one connection
/// (docs/spec/hypercore-protocol.md section 5.1).
///
///     sent:      BLAKE2b-256(key: rx, "hypercore capability" || tx || feed key)
///     expected:  BLAKE2b-256(key: tx, "hypercore capability" || rx || feed key)
public enum Capability {
    private static let label = Array("hypercore capability".utf8)

    /// What this side sends when it opens the feed.
    public static func sent(for feed: PublicKey, keys: TransportKeys) -> Bytes32 {
        compute(feed, hashKey: keys.rx, hashed: keys.tx)
    }

    /// Whether the remote has sent the one that only somebody who knows the feed's key can send.
    /// Takes as long for a wrong one as for a right one.
    public static func isValid(
        _ capability: Bytes32, for feed: PublicKey, keys: TransportKeys
    ) -> Bool {
        let expected = compute(feed, hashKey: keys.tx, hashed: keys.rx)
        return expected.withUnsafeBytes { expected in
            capability.withUnsafeBytes { capability in
                sodium_memcmp(expected.bytePointer, capability.bytePointer, 32) == 0
            }
        }
    }

    private static func compute(
        _ feed: PublicKey, hashKey: SecureBytes, hashed: SecureBytes
    ) -> Bytes32 {
        let size = label.count + 64
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { message in
            defer { sodium_memzero(message.bytePointer, size) }
            message.copyBytes(from: label)
            hashed.withUnsafeBytes { message.store($0, at: label.count) }
            feed.raw.withUnsafeBytes { message.store($0, at: label.count + 32) }
            return hashKey.withUnsafeBytes { key in
                Bytes32(unsafeUninitialized: {
                    Blake2b.fill($0, with: UnsafeRawBufferPointer(message), key: key)
                })
            }
        }
    }
}
