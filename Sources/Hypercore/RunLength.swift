/// The run-length encoding of bitfields on the wire (docs/spec/hypercore.md section 11.3).
///
/// ```
/// varint h, h & 1 == 1   a run of h >> 2 bytes, all ff when h & 2, else all 00
/// varint h, h & 1 == 0   h >> 1 plain bytes follow
/// ```
public enum RunLength {
    /// The shortest form that the reference finds too; trailing zero bytes are dropped.
    public static func encode(_ input: [UInt8]) -> [UInt8] {
        guard let last = input.lastIndex(where: { $0 != 0 }) else { return [] }
        var encoder = Encoder(input: input, end: last + 1)
        return encoder.run()
    }

    /// The bytes again. Throws `unverified` for what is no encoding, `tooLarge` for more than
    /// `maxBytes`: a few bytes may claim to be gigabytes.
    public static func decode(
        _ bytes: some RandomAccessCollection<UInt8>, maxBytes: Int
    ) throws(FeedError) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let head = varint(&rest) else {
                throw .unverified("a run-length header does not end")
            }
            let isRun = head & 1 == 1
            let count = isRun ? head >> 2 : head >> 1
            guard count <= UInt64(maxBytes - output.count) else {
                throw .tooLarge("a bitfield decodes to more than \(maxBytes) bytes")
            }
            if isRun {
                output.append(
                    contentsOf: repeatElement(head & 2 == 0 ? 0 : 0xff, count: Int(count)))
            } else {
                guard count <= UInt64(rest.count) else {
                    throw .unverified("a run-length literal is longer than its message")
                }
                output.append(contentsOf: rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
            }
        }
        return output
    }

    /// A number in groups of seven bits, lowest first; `nil` when it does not end within 64 bits.
    private static func varint<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: inout Bytes
    ) -> UInt64? where Bytes.SubSequence == Bytes {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst() {
            let group = UInt64(byte & 0x7f)
            guard shift < 63 || (shift == 63 && group <= 1) else { return nil }
            value |= group << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private struct Encoder {
        let input: [UInt8]
        let end: Int
        var output: [UInt8] = []
        /// Where the literal that is not written yet begins.
        var pending = 0
        /// Length and byte of the run that ends at the place looked at.
        var runLength = 0
        var runByte: UInt8 = 0

        init(input: [UInt8], end: Int) {
            self.input = input
            self.end = end
        }

        mutating func run() -> [UInt8] {
            for i in 0..<end {
                let byte = input[i]
                if byte == runByte {
                    runLength += 1
                    continue
                }
                if runLength > 0 { writeRunIfShorter(endingAt: i) }
                if byte == 0 || byte == 0xff {
                    runByte = byte
                    runLength = 1
                } else {
                    runLength = 0
                }
            }
            if runLength > 0 { writeRunIfShorter(endingAt: end) }
            if pending < end { writeLiteral(upTo: end) }
            return output
        }

        private mutating func writeRunIfShorter(endingAt i: Int) {
            let header = UInt64(4 * runLength + (runByte == 0 ? 0 : 2) + 1)
            let literal = i - runLength - pending
            let cost =
                (literal > 0 ? varintBytes(UInt64(2 * literal)) + literal : 0)
                + varintBytes(header)
            let plain = varintBytes(UInt64(2 * (i - pending))) + (i - pending)
            guard cost < plain else { return }
            if literal > 0 { writeLiteral(upTo: i - runLength) }
            writeVarint(header)
            pending = i
        }

        private mutating func writeLiteral(upTo i: Int) {
            writeVarint(UInt64(2 * (i - pending)))
            output.append(contentsOf: input[pending..<i])
            pending = i
        }

        private mutating func writeVarint(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            output.append(UInt8(truncatingIfNeeded: rest))
        }

        private func varintBytes(_ value: UInt64) -> Int {
            (70 - (value | 1).leadingZeroBitCount) / 7
        }
    }
}
