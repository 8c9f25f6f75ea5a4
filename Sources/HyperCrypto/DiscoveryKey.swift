/// BLAKE2b of the word `hypercore`, keyed with a public key: finds a feed without giving its key
/// away (docs/spec/hypercore.md section 1).
public struct DiscoveryKey: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let raw: Bytes32

    /// A discovery key of these bytes.
    public init(_ raw: Bytes32) { self.raw = raw }

    /// `nil` unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard let raw = Bytes32(bytes) else { return nil }
        self.raw = raw
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { raw.hex }

    /// The first digits, for logs.
    public var description: String { raw.description }
}
