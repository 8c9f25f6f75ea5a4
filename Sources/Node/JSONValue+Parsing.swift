extension JSONValue {
    /// Why a text is no JSON: byte position and what is wrong there.
    struct Malformed: Error, CustomStringConvertible {
        let position: Int
        let reason: String
        var description: String { "byte \(position): \(reason)" }
    }

    /// Reads a whole text in UTF-8 (RFC 8259). Lists and objects are nested `depth` deep at most.
    init(parsing bytes: some Collection<UInt8>, depth: Int = Limits.jsonDepthMax) throws(Malformed)
    {
        var reader = JSONReader(bytes: Array(bytes), depthMax: depth)
        self = try reader.whole()
    }
}

/// Walks once over a JSON text.
private struct JSONReader {
    let bytes: [UInt8]
    let depthMax: Int
    var position = 0
    var depth = 0

    init(bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func whole() throws(JSONValue.Malformed) -> JSONValue {
        let value = try value()
        skipBlanks()
        guard position == bytes.count else { throw wrong("something follows the value") }
        return value
    }

    private func wrong(_ reason: String) -> JSONValue.Malformed {
        JSONValue.Malformed(position: position, reason: reason)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        guard let byte = next, byte == character.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func value() throws(JSONValue.Malformed) -> JSONValue {
        skipBlanks()
        guard let byte = next else { throw wrong("the text ends too early") }
        switch byte {
        case UInt8(ascii: "{"):
            return try nested { reader throws(JSONValue.Malformed) in
                try reader.object()
            }
        case UInt8(ascii: "["):
            return try nested { reader throws(JSONValue.Malformed) in
                try reader.array()
            }
        case UInt8(ascii: "\""): return .string(try string())
        default: break
        }
        if take("true") { return true }
        if take("false") { return false }
        if take("null") { return .null }
        return try number()
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(JSONValue.Malformed) -> JSONValue
    ) throws(JSONValue.Malformed) -> JSONValue {
        guard depth < depthMax else { throw wrong("nested too deep") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try body(&self)
    }

    private mutating func array() throws(JSONValue.Malformed) -> JSONValue {
        var values: [JSONValue] = []
        skipBlanks()
        if take("]") { return .array([]) }
        while true {
            values.append(try value())
            skipBlanks()
            if take("]") { return .array(values) }
            guard take(",") else { throw wrong("',' or ']' is missing") }
        }
    }

    private mutating func object() throws(JSONValue.Malformed) -> JSONValue {
        var members: [JSONValue.Member] = []
        skipBlanks()
        if take("}") { return .object([]) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw wrong("a name is missing") }
            let name = try string()
            skipBlanks()
            guard take(":") else { throw wrong("':' is missing") }
            members.append(.init(name: name, value: try value()))
            skipBlanks()
            if take("}") { return .object(members) }
            guard take(",") else { throw wrong("',' or '}' is missing") }
        }
    }

    private mutating func string() throws(JSONValue.Malformed) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw wrong("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escaped()
            case 0..<0x20: throw wrong("a control character in a string")
            default: text.append(byte)
            }
        }
        throw wrong("a string does not end")
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    private mutating func escaped() throws(JSONValue.Malformed) -> [UInt8] {
        guard let byte = next else { throw wrong("a string does not end") }
        position += 1
        if let character = Self.simple[byte] { return [character] }
        guard byte == UInt8(ascii: "u") else { throw wrong("an unknown escape") }
        var code = UInt32(try unit())
        // Two units for what is beyond the first 65536.
        if (0xD800..<0xDC00).contains(code), take("\\u") {
            let low = UInt32(try unit())
            guard (0xDC00..<0xE000).contains(low) else { throw wrong("half a character") }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw wrong("half a character") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func unit() throws(JSONValue.Malformed) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(.init($0)).isHexDigit }),
            let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw wrong("four hexadecimal digits are missing") }
        position += 4
        return value
    }

    private mutating func number() throws(JSONValue.Malformed) -> JSONValue {
        let start = position
        let isPart: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        while let byte = next, isPart(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard text.wholeMatch(of: Self.form) != nil else {
            position = start
            throw wrong("no value")
        }
        if let whole = UInt64(text) { return .number(whole) }
        guard let value = Double(text), value.isFinite else { throw wrong("a number too large") }
        return .decimal(value)
    }

    nonisolated(unsafe) private static let form =
        /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/
}
