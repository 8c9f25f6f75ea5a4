/// The fields of a protobuf message, one after the other, nothing believed: stricter than the
/// decoder of the reference family, which cuts lengths short and does not look at the kind of a
/// field (docs/spec/dht.md sections 2.1 and 11).
struct DHTFieldReader {
    enum Value {
        case varint(UInt64)
        case bytes(UnsafeRawBufferPointer)
        /// Four or eight bytes: in no field we know.
        case fixed
    }

    /// The message is not what it should be.
    struct Malformed: Error {}

    private let message: UnsafeRawBufferPointer
    private var offset = 0

    init(_ message: UnsafeRawBufferPointer) { self.message = message }

    /// The next field; `nil` at the end.
    mutating func next() throws(Malformed) -> (number: UInt64, value: Value)? {
        guard offset < message.count else { return nil }
        let tag = try varint()
        guard tag >> 3 > 0 else { throw Malformed() }
        switch tag & 7 {
        case 0: return (tag >> 3, .varint(try varint()))
        case 1: _ = try take(8)
        case 2:
            let size = try varint()
            return (tag >> 3, .bytes(try take(size)))
        case 5: _ = try take(4)
        default: throw Malformed()
        }
        return (tag >> 3, .fixed)
    }

    /// Calls `body` with every field of a payload.
    static func read(
        _ payload: [UInt8], _ body: (_ number: UInt64, _ value: Value) throws -> Void
    ) throws {
        try payload.withUnsafeBytes { bytes in
            var reader = DHTFieldReader(bytes)
            while let (number, value) = try reader.next() { try body(number, value) }
        }
    }

    private mutating func take(_ size: UInt64) throws(Malformed) -> UnsafeRawBufferPointer {
        guard size <= UInt64(message.count - offset) else { throw Malformed() }
        let end = offset + Int(size)
        defer { offset = end }
        return UnsafeRawBufferPointer(rebasing: message[offset..<end])
    }

    /// At most 64 bits in at most ten bytes.
    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard offset < message.count else { throw Malformed() }
            let byte = message[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw Malformed() }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Malformed()
    }
}

extension DHTFieldReader.Value {
    /// The number in it.
    func number() throws(DHTFieldReader.Malformed) -> UInt64 {
        guard case .varint(let value) = self else { throw DHTFieldReader.Malformed() }
        return value
    }

    /// The bytes in it.
    func array() throws(DHTFieldReader.Malformed) -> [UInt8] { [UInt8](try raw()) }

    /// The bytes in it, where they lie.
    func raw() throws(DHTFieldReader.Malformed) -> UnsafeRawBufferPointer {
        guard case .bytes(let value) = self else { throw DHTFieldReader.Malformed() }
        return value
    }
}
