import Foundation

/// A golden vector file, read without declaring a type for each.
public enum JSON: Sendable, Equatable, Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let v = try? value.decode(Bool.self) {
            self = .bool(v)
        } else if let v = try? value.decode(Int64.self) {
            self = .integer(v)
        } else if let v = try? value.decode(Double.self) {
            self = .number(v)
        } else if let v = try? value.decode(String.self) {
            self = .string(v)
        } else if let v = try? value.decode([JSON].self) {
            self = .array(v)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    public static func load(_ path: String) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A member; `.null` where there is none.
    public subscript(_ key: String) -> JSON {
        if case .object(let members) = self { return members[key] ?? .null }
        return .null
    }

    public subscript(_ index: Int) -> JSON { array[index] }

    public var isNull: Bool { self == .null }
    public var bool: Bool { if case .bool(let v) = self { v } else { false } }
    public var string: String { if case .string(let v) = self { v } else { "" } }
    public var stringOrNil: String? { if case .string(let v) = self { v } else { nil } }
    public var int: Int { if case .integer(let v) = self { Int(v) } else { 0 } }
    public var uint64: UInt64 { if case .integer(let v) = self { UInt64(v) } else { 0 } }
    public var uint64OrNil: UInt64? { if case .integer(let v) = self { UInt64(v) } else { nil } }
    public var array: [JSON] { if case .array(let v) = self { v } else { [] } }
    public var object: [String: JSON] { if case .object(let v) = self { v } else { [:] } }
}
