import HyperCrypto
import NIOCore

/// Round-trip tokens: who sends one back receives what is sent to its address
/// (docs/spec/dht.md section 4). `BLAKE2b-256(secret, host as text)`, bound to the host and to
/// five to ten minutes.
struct DHTTokens {
    private var current: Bytes32
    private var previous: Bytes32
    private var drawn: NIODeadline
    /// Bytes of a token.
    private let size: Int

    init(random: inout some RandomNumberGenerator, now: NIODeadline, size: Int = 32) {
        current = DHTKey(random: &random).raw
        previous = DHTKey(random: &random).raw
        drawn = now
        self.size = size
    }

    /// Draws a new secret when it is time. To be called before the other two.
    mutating func rotate(random: inout some RandomNumberGenerator, now: NIODeadline) {
        let age = now - drawn
        guard age >= Limits.DHT.secretLifetime else { return }
        let isLate = age >= Limits.DHT.secretLifetime * 2
        previous = isLate ? DHTKey(random: &random).raw : current
        current = DHTKey(random: &random).raw
        drawn = now
    }

    func token(for host: UInt32) -> [UInt8] {
        Array(Self.token(secret: current, host: host).prefix(size))
    }

    func isValid(_ token: [UInt8], for host: UInt32) -> Bool {
        // Both are compared, in constant time: the time taken says nothing about either.
        let isCurrent = Self.isEqual(token, Self.token(secret: current, host: host).prefix(size))
        let isPrevious = Self.isEqual(token, Self.token(secret: previous, host: host).prefix(size))
        return isCurrent || isPrevious
    }

    static func token(secret: Bytes32, host: UInt32) -> [UInt8] {
        var input = secret.bytes
        for shift in [24, 16, 8, 0] as [UInt32] {
            if shift < 24 { input.append(UInt8(ascii: ".")) }
            input.append(contentsOf: String(host >> shift & 0xff).utf8)
        }
        return Blake2b.hash32(input).bytes
    }

    private static func isEqual(_ a: [UInt8], _ b: ArraySlice<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
    }
}
