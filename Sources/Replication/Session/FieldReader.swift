/// The fields of a protobuf body, one after the other, nothing believed: stricter than the
/// generated decoders, which put a known field of the wrong type among the unknown ones and take
/// numbers of any size (docs/spec/hypercore-protocol.md section 11).
struct FieldReader {
    /// What a field may hold.
    enum Kind {
        case number
        case flag
        case bytes
    }

    enum Value {
        /// A number and how many bytes it took.
        case varint(UInt64, size: Int)
        /// Where in the body the bytes are.
        case bytes(Range<Int>)
        /// Four or eight bytes: in no field we know.
        case fixed
    }

    let body: UnsafeRawBufferPointer
    private var offset: Int
    private let end: Int

    init(_ body: UnsafeRawBufferPointer) { self.init(body, body.startIndex..<body.endIndex) }

    /// A message inside another.
    init(_ body: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.body = body
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next field; `nil` at the end of the body.
    mutating func next() throws(SessionError) -> (number: UInt64, value: Value)? {
        guard offset < end else { return nil }
        let (tag, _) = try varint()
        let number = tag >> 3
        guard number > 0, number < 1 << 29 else {
            throw .message("a message field is numbered \(number)")
        }
        switch tag & 7 {
        case 0:
            let (value, size) = try varint()
            return (number, .varint(value, size: size))
        case 1:
            try skip(8)
            return (number, .fixed)
        case 2:
            let (length, _) = try varint()
            let start = offset
            try skip(length)
            return (number, .bytes(start..<offset))
        case 5:
            try skip(4)
            return (number, .fixed)
        default:
            throw .message("field \(number) of a message has a wire type that nobody uses")
        }
    }

    private mutating func varint() throws(SessionError) -> (UInt64, Int) {
        guard case .value(let value, let size) = Varint.read(body, at: offset, end: end) else {
            throw .message("a number in a message is cut short or too large")
        }
        offset += size
        return (value, size)
    }

    private mutating func skip(_ count: UInt64) throws(SessionError) {
        guard count <= UInt64(end - offset) else {
            throw .message("a field runs past the end of its message")
        }
        offset += Int(count)
    }
}

extension FieldReader {
    /// Walks a whole body and checks each known field against its kind. `kinds[n - 1]` is the kind
    /// of field `n`.
    static func check(
        _ body: UnsafeRawBufferPointer, _ kinds: [Kind]
    ) throws(SessionError) {
        var fields = FieldReader(body)
        while let (number, value) = try fields.next() {
            guard number <= UInt64(kinds.count) else { continue }
            switch (kinds[Int(number) - 1], value) {
            case (.number, .varint), (.flag, .varint(_, size: 1)), (.bytes, .bytes): continue
            default:
                throw .message("field \(number) of a message has the wrong type")
            }
        }
    }
}
