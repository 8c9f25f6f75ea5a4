/// A feed's Ed25519 public key: who knows it can read and verify the feed
/// (docs/spec/hypercore.md section 1). A drive's key is that of its metadata feed.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let raw: Bytes32

    /// A key of these bytes.
    public init(_ raw: Bytes32) { self.raw = raw }

    /// `nil` unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard let raw = Bytes32(bytes) else { return nil }
        self.raw = raw
    }

    /// `nil` unless the text is 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let raw = Bytes32(hex: hex) else { return nil }
        self.raw = raw
    }

    /// `nil` unless the text is 52 digits of z-base-32.
    public init?(zBase32 text: some StringProtocol) {
        guard text.utf8.count == 52, let bytes = ZBase32.decode(text) else { return nil }
        self.init(bytes)
    }

    /// The usual text form: 64 lower-case hexadecimal digits.
    public var hex: String { raw.hex }

    /// The short text form: 52 digits of z-base-32.
    public var zBase32: String { raw.withUnsafeBytes { ZBase32.encode($0) } }

    /// The first digits only, so that no log gives away the right to read.
    public var description: String { raw.description }

    /// The name under which the feed may be announced: it reveals nothing of the key.
    public var discoveryKey: DiscoveryKey {
        DiscoveryKey(Blake2b.hash32(Array("hypercore".utf8), key: raw))
    }
}
