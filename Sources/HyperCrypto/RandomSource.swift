import CSodium

/// Where randomness comes from: the system's in the product, a seeded one in tests.
public protocol RandomSource: Sendable {
    /// Overwrites all bytes of the buffer.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

extension RandomSource {
    /// That many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { fill($0) }
        return bytes
    }

    /// A random key, seed or secret.
    public mutating func bytes32() -> Bytes32 {
        var value = Bytes32()
        value.withUnsafeMutableBytes { fill($0) }
        return value
    }

    /// A random number, every value as likely as any other.
    public mutating func uint64() -> UInt64 {
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { fill($0) }
        return value
    }
}

/// The operating system's randomness through libsodium.
public struct SystemRandom: RandomSource {
    /// Starts libsodium where nothing has yet.
    public init() { precondition(sodium_init() >= 0, "libsodium must start") }

    /// Overwrites all bytes of the buffer with unpredictable ones.
    public mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress else { return }
        randombytes_buf(start, buffer.count)
    }
}
