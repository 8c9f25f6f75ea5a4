/// Unsigned LEB128 of at most 8 bytes and at most 2^53-1 (docs/spec/hypercore-protocol.md
/// section 3).
enum Varint {
    enum Reading: Equatable {
        /// A number and the bytes it took.
        case value(UInt64, size: Int)
        /// More bytes are needed to tell.
        case incomplete
        /// Too long or too large.
        case invalid
    }

    /// Reads at `offset`, not beyond `end`.
    static func read(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, end: Int
    ) -> Reading {
        var value: UInt64 = 0
        for size in 0..<SessionLimits.varintBytes {
            guard offset + size < end else { return .incomplete }
            let byte = bytes[offset + size]
            value |= UInt64(byte & 0x7f) << UInt64(7 * size)
            if byte < 0x80 {
                return value <= SessionLimits.integer ? .value(value, size: size + 1) : .invalid
            }
        }
        return .invalid
    }

    /// Bytes that a number takes.
    static func size(_ value: UInt64) -> Int {
        value < 0x80 ? 1 : (70 - value.leadingZeroBitCount) / 7
    }

    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
