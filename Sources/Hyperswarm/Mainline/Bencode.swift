/// A value of the BitTorrent encoding (docs/spec/mainline-dht.md section 1): integers
/// `i<decimal>e`, strings `<length>:<bytes>`, lists `l...e`, dictionaries `d...e` whose keys are
/// sorted and unique. There is one encoding of each value; any other is refused.
enum Bencode: Equatable {
    case integer(Int64)
    case bytes([UInt8])
    case list([Bencode])
    /// In the order of the keys.
    case dictionary([(key: [UInt8], value: Bencode)])

    static func == (a: Bencode, b: Bencode) -> Bool { a.encoded == b.encoded }

    /// A dictionary of these members, sorted; those that are `nil` are left out.
    static func members(_ members: [String: Bencode?]) -> Bencode {
        let present = members.compactMap { key, value in value.map { (Array(key.utf8), $0) } }
        return .dictionary(
            present.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map { (key: $0.0, value: $0.1) }
        )
    }

    static func string(_ text: String) -> Bencode { .bytes(Array(text.utf8)) }

    /// A member of a dictionary.
    subscript(_ key: String) -> Bencode? {
        guard case .dictionary(let members) = self else { return nil }
        return members.first { $0.key.elementsEqual(key.utf8) }?.value
    }

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    var list: [Bencode]? { if case .list(let value) = self { value } else { nil } }
    var isDictionary: Bool { if case .dictionary = self { true } else { false } }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .integer(let value): bytes += Array("i\(value)e".utf8)
        case .bytes(let value): bytes += Array("\(value.count):".utf8) + value
        case .list(let values):
            bytes.append(UInt8(ascii: "l"))
            for value in values { value.append(to: &bytes) }
            bytes.append(UInt8(ascii: "e"))
        case .dictionary(let members):
            bytes.append(UInt8(ascii: "d"))
            for (key, value) in members {
                bytes += Array("\(key.count):".utf8) + key
                value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "e"))
        }
    }
}
