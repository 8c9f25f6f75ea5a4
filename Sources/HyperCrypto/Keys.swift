/// A feed's Ed25519 public key: who knows it can read and verify the feed
/// (docs/spec/hypercore.md section 1). A drive's key is that of its metadata feed.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    public let raw: Bytes32

    public init(_ raw: Bytes32) { self.raw = raw }
    public init?(_ bytes: some Collection<UInt8>) {
        guard let raw = Bytes32(bytes) else { return nil }
        self.raw = raw
    }
    public init?(hex: some StringProtocol) {
        guard let raw = Bytes32(hex: hex) else { return nil }
        self.raw = raw
    }

    public var hex: String { raw.hex }
    public var description: String { raw.description }

    /// The name under which the feed may be announced: it reveals nothing of the key.
    public var discoveryKey: DiscoveryKey {
        DiscoveryKey(Blake2b.hash32(Array("hypercore".utf8), key: raw))
    }
}

/// BLAKE2b of the word `hypercore`, keyed with a public key: finds a feed without giving its key
/// away.
public struct DiscoveryKey: Hashable, Sendable, CustomStringConvertible {
    public let raw: Bytes32

    public init(_ raw: Bytes32) { self.raw = raw }
    public init?(_ bytes: some Collection<UInt8>) {
        guard let raw = Bytes32(bytes) else { return nil }
        self.raw = raw
    }

    public var hex: String { raw.hex }
    public var description: String { raw.description }
}
