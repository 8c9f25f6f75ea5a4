import HyperCrypto

/// A value that its owner may replace: found by the owner's public key and a salt, signed, the
/// higher `seq` wins (docs/spec/dht.md section 10.3). The signed bytes are those of BEP 44, so one
/// signature serves the Mainline DHT too.
///
/// ```
/// value      1  bytes   at most 1000
/// signature  2  bytes   64
/// seq        3  varint
/// salt       4  bytes   at most 64
/// ```
public struct DHTMutable: Hashable, Sendable {
    /// What was put, at most 1000 bytes.
    public let value: [UInt8]
    /// Ed25519, 64 bytes. Not yet checked: `isSigned(by:)` does.
    public let signature: [UInt8]
    /// The higher, the newer.
    public let seq: UInt64
    /// Tells values of one key apart; empty = none. At most 64 bytes.
    public let salt: [UInt8]

    /// A record that somebody signed elsewhere; `nil` when it is too long to be one.
    public init?(value: [UInt8], signature: [UInt8], seq: UInt64, salt: [UInt8] = []) {
        guard value.count <= Limits.DHT.valueBytes, salt.count <= Limits.DHT.saltBytes,
            signature.count == 64, seq <= UInt64(Int64.max)
        else { return nil }
        self.value = value
        self.signature = signature
        self.seq = seq
        self.salt = salt
    }

    /// Signs; `nil` when the value is longer than 1000 bytes, the salt than 64, or `seq` is 2^63
    /// or more.
    public init?(value: [UInt8], seq: UInt64, salt: [UInt8] = [], signedBy pair: KeyPair) {
        let signature = pair.sign(Self.signable(value: value, seq: seq, salt: salt))
        self.init(value: value, signature: signature, seq: seq, salt: salt)
    }

    /// Whether the owner of this key made it.
    public func isSigned(by key: PublicKey) -> Bool {
        key.verifies(signature, for: Self.signable(value: value, seq: seq, salt: salt))
    }

    /// `["4:salt" length ":" salt] "3:seqi" seq "e" "1:v" length ":" value`
    static func signable(value: [UInt8], seq: UInt64, salt: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        if !salt.isEmpty { bytes += Array("4:salt\(salt.count):".utf8) + salt }
        return bytes + Array("3:seqi\(seq)e1:v\(value.count):".utf8) + value
    }

    /// What a put sends and an answer holds.
    var encoded: [UInt8] {
        DHTMutableFields(value: value, signature: signature, seq: seq, salt: salt.nonEmpty).encoded
    }

    /// Of a put or an answer, and within all limits; `nil` for anything else.
    init?(decoding payload: [UInt8]) {
        guard let fields = try? DHTMutableFields(decoding: payload), let value = fields.value,
            let signature = fields.signature
        else { return nil }
        self.init(
            value: value, signature: signature, seq: fields.seq ?? 0, salt: fields.salt ?? [])
    }
}

extension [UInt8] {
    fileprivate var nonEmpty: [UInt8]? { isEmpty ? nil : self }
}
