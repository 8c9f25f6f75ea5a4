/// A yes or no of a request; one that is left out is a no.
@propertyWrapper
public struct Switch: Codable, Sendable, Equatable {
    /// On or off.
    public var wrappedValue: Bool

    /// On or off.
    public init(wrappedValue: Bool) { self.wrappedValue = wrappedValue }

    /// From a plain `true` or `false`.
    public init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Bool.self)
    }

    /// As a plain `true` or `false`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// What the synthesized decoding of a `Switch` calls.
    func decode(_ type: Switch.Type, forKey key: Key) throws -> Switch {
        try decodeIfPresent(type, forKey: key) ?? Switch(wrappedValue: false)
    }
}
