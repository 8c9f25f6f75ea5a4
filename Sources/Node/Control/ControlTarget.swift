import HyperCrypto

/// The path and query of a request, decoded.
struct ControlTarget: Sendable, Equatable {
    /// As it came.
    let path: String
    /// Between the slashes, percent-decoded.
    let segments: [String]
    let query: [String: String]

    /// Throws `.usage` for what is no UTF-8 once it is decoded.
    init(_ uri: String) throws(NodeError) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "")
        guard path.hasPrefix("/") else { throw Self.malformed(uri) }
        var segments: [String] = []
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            segments.append(try Self.decoded(segment, plusIsBlank: false, in: uri))
        }
        self.segments = segments
        var query: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(sides[0], plusIsBlank: true, in: uri)
            query[name] = try Self.decoded(
                sides.dropFirst().first ?? "", plusIsBlank: true, in: uri)
        }
        self.query = query
    }

    private static func decoded(
        _ text: Substring, plusIsBlank: Bool, in uri: String
    ) throws(NodeError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsBlank {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%") {
                let digits = [UInt8](hex: String(decoding: rest.prefix(2), as: UTF8.self))
                guard let digits, digits.count == 1 else { throw malformed(uri) }
                bytes += digits
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed(uri) }
        return text
    }

    private static func malformed(_ uri: String) -> NodeError {
        NodeError(
            .usage, "'\(uri.prefix(80))' is no path", hint: "write bytes as %XX, in UTF-8")
    }

    /// A segment of a path, or a value of a query, as it is written into a URL.
    static func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                || "-._~".unicodeScalars.contains(scalar)
            out += isPlain ? String(Character(scalar)) : "%" + [byte].hex.uppercased()
        }
        return out
    }
}
