import HyperCrypto

/// What somebody wants from a relay: the first 64 bytes of a connection (docs/spec/relay.md 1).
///
/// ```
/// magic       8  "hyperrly"
/// version     1  1
/// kind        1  0: wait for a caller, 1: call one who waits
/// zero        6
/// asker      16  random, the same for all requests of one process: nobody calls himself
/// place      32  BLAKE2b-256 of the topic, keyed with "hyperfs relay" padded with zeros
/// ```
struct RelayRequest: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        case wait = 0
        case call = 1
    }

    var kind: Kind
    var asker: [UInt8]
    var place: Bytes32

    static let size = 64
    private static let magic = Array("hyperrly".utf8)
    private static let version: UInt8 = 1

    init(_ kind: Kind, asker: [UInt8], place: Bytes32) {
        precondition(asker.count == 16, "an asker has 16 bytes")
        self.kind = kind
        self.asker = asker
        self.place = place
    }

    /// `nil` for anything that is not a request of this version.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, bytes.starts(with: Self.magic), bytes[8] == Self.version,
            let kind = Kind(rawValue: bytes[9]), bytes[10..<16].allSatisfy({ $0 == 0 }),
            let place = Bytes32(Array(bytes[32...]))
        else { return nil }
        self.kind = kind
        asker = Array(bytes[16..<32])
        self.place = place
    }

    /// Whether a request may begin so: others are not waited for.
    static func isBeginning(_ bytes: [UInt8]) -> Bool {
        bytes.count < magic.count ? magic.starts(with: bytes) : bytes.starts(with: magic)
    }

    var encoded: [UInt8] {
        Self.magic + [Self.version, kind.rawValue] + [UInt8](repeating: 0, count: 6) + asker
            + place.bytes
    }

    /// Where those who are after a topic meet. The relay learns that they are after the same, but
    /// not the topic, which would show it who else is.
    static func place(of topic: Bytes32) -> Bytes32 {
        let key = Array("hyperfs relay".utf8) + [UInt8](repeating: 0, count: 19)
        return Blake2b.hash32(topic.bytes, key: Bytes32(key))
    }
}

/// What a relay says before it forwards.
enum RelayAnswer: UInt8, Sendable {
    /// From here on every byte is the other side's.
    case paired = 0
    /// The caller comes in vain.
    case nobody = 1
    /// The relay has no room, or this host has its share.
    case full = 2
    /// Not a request.
    case malformed = 3
    /// Still waiting.
    case alive = 0x10
}
