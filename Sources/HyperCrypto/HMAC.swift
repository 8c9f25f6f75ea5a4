import CSodium

/// HMAC (RFC 2104) over BLAKE2b with 64 bytes of output and blocks of 128, and the key derivation
/// of the Noise handshake on top. Not the same as keyed BLAKE2b.
enum HMAC {
    static let blockBytes = 128

    /// `HMAC(key, message)`; the key is at most one block long.
    static func fill(
        _ out: UnsafeMutableRawBufferPointer, key: UnsafeRawBufferPointer,
        message: UnsafeRawBufferPointer
    ) {
        precondition(key.count <= blockBytes, "longer keys would have to be hashed first")
        let size = blockBytes + max(message.count, 64)
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { scratch in
            defer { sodium_memzero(scratch.bytePointer, size) }
            let tail = UnsafeMutableRawBufferPointer(rebasing: scratch[blockBytes...])
            pad(scratch, key: key, with: 0x36)
            tail.copyMemory(from: message)
            let inner = blockBytes + message.count
            Blake2b.fill(out, with: UnsafeRawBufferPointer(rebasing: scratch[..<inner]))
            pad(scratch, key: key, with: 0x5c)
            tail.copyMemory(from: UnsafeRawBufferPointer(out))
            let outer = blockBytes + out.count
            Blake2b.fill(out, with: UnsafeRawBufferPointer(rebasing: scratch[..<outer]))
        }
    }

    /// Two secrets of 64 bytes from a chaining key and new key material:
    /// `t = HMAC(ck, material)`, `first = HMAC(t, 01)`, `second = HMAC(t, first || 02)`.
    static func derive(
        chainingKey: SecureBytes, material: UnsafeRawBufferPointer
    ) -> (first: SecureBytes, second: SecureBytes) {
        let temporary = SecureBytes(count: 64) { out in
            chainingKey.withUnsafeBytes { fill(out, key: $0, message: material) }
        }
        return temporary.withUnsafeBytes { temporary in
            withUnsafeTemporaryAllocation(byteCount: 65, alignment: 16) { input in
                defer { sodium_memzero(input.bytePointer, 65) }
                input[0] = 1
                let first = SecureBytes(count: 64) { out in
                    fill(
                        out, key: temporary, message: UnsafeRawBufferPointer(rebasing: input[..<1]))
                }
                first.withUnsafeBytes { input.copyMemory(from: $0) }
                input[64] = 2
                let second = SecureBytes(count: 64) { out in
                    fill(out, key: temporary, message: UnsafeRawBufferPointer(input))
                }
                return (first, second)
            }
        }
    }

    private static func pad(
        _ block: UnsafeMutableRawBufferPointer, key: UnsafeRawBufferPointer, with filler: UInt8
    ) {
        for i in 0..<blockBytes { block[i] = filler ^ (i < key.count ? key[i] : 0) }
    }
}
