import Foundation

/// A golden vector file, read without declaring a type for each.
public enum JSON: Sendable, Equatable, Decodable {
    /// Also what stands for a member that is absent.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without a fraction.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSON])
    /// Members by name.
    case object([String: JSON])

    /// Takes whatever kind of value there is.
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

    /// The contents of a file.
    public static func load(_ path: String) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A member; `.null` where there is none.
    public subscript(_ key: String) -> JSON {
        if case .object(let members) = self { return members[key] ?? .null }
        return .null
    }

    /// An element of a list that has it.
    public subscript(_ index: Int) -> JSON { array[index] }

    /// Whether there is nothing.
    public var isNull: Bool { self == .null }
    /// `false` where it is of another kind.
    public var bool: Bool { if case .bool(let v) = self { v } else { false } }
    /// Empty where it is of another kind.
    public var string: String { stringOrNil ?? "" }
    /// `nil` where it is of another kind.
    public var stringOrNil: String? { if case .string(let v) = self { v } else { nil } }
    /// Zero where it is of another kind.
    public var int: Int { if case .integer(let v) = self { Int(v) } else { 0 } }
    /// Zero where it is of another kind.
    public var uint64: UInt64 { uint64OrNil ?? 0 }
    /// `nil` where it is of another kind.
    public var uint64OrNil: UInt64? { if case .integer(let v) = self { UInt64(v) } else { nil } }
    /// Empty where it is of another kind.
    public var array: [JSON] { if case .array(let v) = self { v } else { [] } }
    /// Empty where it is of another kind.
    public var object: [String: JSON] { if case .object(let v) = self { v } else { [:] } }
}
