import HyperCrypto

/// A repeatable random source (SplitMix64): the same seed, the same run.
public struct SeededRandom: RandomSource, RandomNumberGenerator {
    private var state: UInt64

    /// The run that belongs to a seed.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Overwrites all bytes of the buffer.
    public mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        for i in buffer.indices { buffer[i] = UInt8(truncatingIfNeeded: next()) }
    }

    /// A seed from the environment (HYPERFS_SEED) or a fresh one; prints it, so that a failure
    /// can be run again.
    public static func announced(_ test: String = #function) -> SeededRandom {
        let seed =
            UInt64(ProcessEnvironment.value("HYPERFS_SEED") ?? "") ?? UInt64.random(in: 0 ... .max)
        print("seed of \(test): HYPERFS_SEED=\(seed)")
        return SeededRandom(seed: seed)
    }
}
