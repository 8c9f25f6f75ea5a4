import CSodium

/// BLAKE2b, the hash of everything here (docs/spec/hypercore.md section 3).
public enum Blake2b {
    /// The 32-byte hash of some bytes, keyed when a key is given.
    public static func hash32(_ message: [UInt8], key: Bytes32? = nil) -> Bytes32 {
        message.withUnsafeBytes { hash32($0, key: key) }
    }

    /// The 32-byte hash of some bytes, keyed when a key is given.
    public static func hash32(_ message: UnsafeRawBufferPointer, key: Bytes32? = nil) -> Bytes32 {
        Bytes32(unsafeUninitialized: { out in
            if let key {
                key.withUnsafeBytes { fill(out, with: message, key: $0) }
            } else {
                fill(out, with: message)
            }
        })
    }

    /// The 64-byte unkeyed hash of some bytes, as the Noise handshake wants it.
    public static func hash64(_ message: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 64)
        out.withUnsafeMutableBytes { out in
            message.withUnsafeBytes { fill(out, with: $0) }
        }
        return out
    }

    /// The 32-byte hash of two pieces, one behind the other; the first must not be empty.
    static func hash32(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bytes32 {
        Bytes32(unsafeUninitialized: { out in
            let status = csodium_blake2b_2(
                out.bytePointer, out.count, a.bytePointer, UInt64(a.count),
                b.bindMemory(to: UInt8.self).baseAddress, UInt64(b.count))
            precondition(status == 0, "BLAKE2b takes any input of this shape")
        })
    }

    /// Fills `out` (16 to 64 bytes) with the hash, keyed when a key (16 to 64 bytes) is given.
    static func fill(
        _ out: UnsafeMutableRawBufferPointer, with message: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer? = nil
    ) {
        let status = crypto_generichash(
            out.bytePointer, out.count,
            message.bindMemory(to: UInt8.self).baseAddress, UInt64(message.count),
            key?.bytePointer, key?.count ?? 0)
        precondition(status == 0, "BLAKE2b takes any input of this shape")
    }
}
