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
            let input = message.bindMemory(to: UInt8.self)
            let status =
                if let key {
                    key.withUnsafeBytes {
                        crypto_generichash(
                            out.bytePointer, 32, input.baseAddress, UInt64(input.count),
                            $0.bindMemory(to: UInt8.self).baseAddress, 32)
                    }
                } else {
                    crypto_generichash(
                        out.bytePointer, 32, input.baseAddress, UInt64(input.count), nil, 0)
                }
            precondition(status == 0, "BLAKE2b takes any input of this shape")
        })
    }

    /// The 32-byte hash of two pieces, one behind the other.
    static func hash32(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bytes32 {
        Bytes32(unsafeUninitialized: { out in
            let status = csodium_blake2b_2(
                out.bytePointer, 32,
                a.bindMemory(to: UInt8.self).baseAddress, UInt64(a.count),
                b.bindMemory(to: UInt8.self).baseAddress, UInt64(b.count))
            precondition(status == 0, "BLAKE2b takes any input of this shape")
        })
    }
}
