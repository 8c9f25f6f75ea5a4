/// Reads a bencoded value, nothing believed: bounded depth, no number that does not fit, no byte
/// too many.
struct BencodeReader {
    /// The bytes are no such value.
    struct Malformed: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The one value that these bytes are.
    static func read(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Bencode {
        var reader = BencodeReader(bytes)
        let value = try reader.value(depth: 0)
        guard reader.offset == bytes.count else { throw Malformed() }
        return value
    }

    static func read(_ bytes: [UInt8]) throws -> Bencode {
        try bytes.withUnsafeBytes { try read($0) }
    }

    private mutating func value(depth: Int) throws(Malformed) -> Bencode {
        guard depth < Limits.Mainline.depth, let first = peek else { throw Malformed() }
        switch first {
        case UInt8(ascii: "i"):
            offset += 1
            return .integer(try integer(until: UInt8(ascii: "e")))
        case UInt8(ascii: "l"):
            offset += 1
            var values: [Bencode] = []
            while try !isAtEnd() { values.append(try value(depth: depth + 1)) }
            return .list(values)
        case UInt8(ascii: "d"):
            offset += 1
            var members: [(key: [UInt8], value: Bencode)] = []
            while try !isAtEnd() {
                let key = try string()
                if let last = members.last {
                    guard last.key.lexicographicallyPrecedes(key) else { throw Malformed() }
                }
                members.append((key, try value(depth: depth + 1)))
            }
            return .dictionary(members)
        default: return .bytes(try string())
        }
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Whether a list or dictionary is over; its end is then behind us.
    private mutating func isAtEnd() throws(Malformed) -> Bool {
        guard let byte = peek else { throw Malformed() }
        guard byte == UInt8(ascii: "e") else { return false }
        offset += 1
        return true
    }

    private mutating func string() throws(Malformed) -> [UInt8] {
        let size = try integer(until: UInt8(ascii: ":"))
        guard size >= 0, size <= Int64(bytes.count - offset) else { throw Malformed() }
        let end = offset + Int(size)
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    /// Decimal, no leading zeros, no minus zero.
    private mutating func integer(until end: UInt8) throws(Malformed) -> Int64 {
        var isNegative = false
        if peek == UInt8(ascii: "-") {
            isNegative = true
            offset += 1
        }
        let start = offset
        var value: Int64 = 0
        while let byte = peek, byte != end {
            guard (0x30...0x39).contains(byte) else { throw Malformed() }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 0x30)
            let (sum, isStillTooLarge) = tens.addingReportingOverflow(isNegative ? -digit : digit)
            guard !isTooLarge, !isStillTooLarge else { throw Malformed() }
            value = sum
            offset += 1
        }
        let digits = offset - start
        guard peek == end, digits > 0, digits == 1 || bytes[start] != 0x30,
            !(isNegative && bytes[start] == 0x30)
        else { throw Malformed() }
        offset += 1
        return value
    }
}
