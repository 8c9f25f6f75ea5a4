import CSodium

/// SipHash-2-4 under the all-zero key: the hash of a path's components
/// (docs/spec/hypertrie.md section 3). Not a secret, not collision-proof.
public enum SipHash24 {
    private static let zeroKey = [UInt8](repeating: 0, count: 16)

    /// The hash as a number; its little-endian bytes are the usual eight bytes of output.
    public static func hash(_ message: UnsafeRawBufferPointer) -> UInt64 {
        var out: UInt64 = 0
        withUnsafeMutableBytes(of: &out) { out in
            let status = crypto_shorthash(
                out.bytePointer, message.bindMemory(to: UInt8.self).baseAddress,
                UInt64(message.count), zeroKey)
            precondition(status == 0, "SipHash takes any input")
        }
        return UInt64(littleEndian: out)
    }

    /// The hash of an array.
    public static func hash(_ message: [UInt8]) -> UInt64 {
        message.withUnsafeBytes { hash($0) }
    }
}
