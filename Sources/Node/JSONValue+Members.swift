/// Looking into a JSON text: nil where there is nothing, or something of another kind.
extension JSONValue {
    /// A member of an object.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// A text.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// A whole number, not negative.
    public var number: UInt64? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// Any number.
    public var double: Double? {
        switch self {
        case .number(let value): Double(value)
        case .decimal(let value): value
        default: nil
        }
    }

    /// True or false.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of a list.
    public var array: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// The members of an object, in their order.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// An object with more members; anything else stays what it is.
    public func adding(_ more: KeyValuePairs<String, JSONValue>) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members + more.map { Member(name: $0.key, value: $0.value) })
    }

    /// An object with the members of another one behind its own.
    public func joined(with other: JSONValue) -> JSONValue {
        guard case .object(let members) = self, case .object(let more) = other else { return self }
        return .object(members + more)
    }

    /// An object without a member; anything else stays what it is.
    public func without(_ name: String) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.name != name })
    }
}
