import HyperCrypto
import NIOCore

/// How many connections of whom are half-open, and what replaces the memory of them when there are
/// too many: numbers that only who got our answer can repeat (docs/spec/utp.md 12).
struct HalfOpenTable {
    private var perAddress: [IPAddress: Int] = [:]
    private(set) var count = 0
    /// Of the cookies.
    private let secret: [UInt8]
    /// Until then the first packet of a connection may come to us without our knowing of it.
    var floodEnd = NIODeadline.uptimeNanoseconds(0)

    init(random: inout some RandomNumberGenerator) {
        secret = (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }

    /// Counts one more, unless there are too many.
    mutating func enter(_ address: IPAddress) -> Bool {
        let network = address.network
        let own = perAddress[network, default: 0]
        guard count < Limits.UTP.halfOpenMax, own < Limits.UTP.halfOpenPerAddressMax else {
            return false
        }
        perAddress[network] = own + 1
        count += 1
        return true
    }

    mutating func leave(_ address: IPAddress) {
        let network = address.network
        guard let own = perAddress[network] else { return }
        perAddress[network] = own > 1 ? own - 1 : nil
        count -= 1
    }

    /// The sequence number of an answer to a SYN.
    func cookie(_ remote: Endpoint, _ id: UInt16, _ sequence: SequenceNumber) -> SequenceNumber {
        var bytes = secret + remote.ip.bytes
        for number in [remote.port, id, sequence.value] {
            bytes += [UInt8(number >> 8), UInt8(number & 0xff)]
        }
        let digest = Blake2b.hash32(bytes).bytes
        return SequenceNumber(UInt16(digest[0]) << 8 | UInt16(digest[1]))
    }
}

extension IPAddress {
    /// What one owner of addresses has: an IPv4 address, or 64 bits of IPv6.
    var network: IPAddress {
        switch self {
        case .v4: self
        case .v6(let high, _): .v6(high, 0)
        }
    }
}
