import Glibc

/// An IPv4 or IPv6 address without a zone.
public enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// In host order: 127.0.0.1 is 0x7f00_0001.
    case v4(UInt32)
    /// The upper and the lower half, in host order.
    case v6(UInt64, UInt64)

    /// From 4 or 16 bytes in network order, `nil` for any other number of them.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let low = bytes.dropFirst(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let isMapped = high == 0 && low >> 32 == 0xffff
            self = isMapped ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high, low)
        default: return nil
        }
    }

    /// As inet_pton(3) reads it; `nil` for names and for addresses with a zone.
    public init?(_ text: String) {
        let isVersion6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isVersion6 ? 16 : 4)
        guard inet_pton(isVersion6 ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let word):
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
        case .v6(let high, let low):
            [high, low].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
            }
        }
    }

    /// As inet_ntop(3) writes it.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = if case .v4 = self { AF_INET } else { AF_INET6 }
        let bytes = bytes
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// 127.0.0.0/8 and ::1.
    public var isLoopback: Bool {
        switch self {
        case .v4(let word): word >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// Addresses that mean nothing outside of one network: private, link-local, loopback.
    public var isLocal: Bool {
        switch self {
        case .v4(let word):
            isLoopback || word >> 24 == 10 || word >> 20 == 0xac1 || word >> 16 == 0xc0a8
                || word >> 16 == 0xa9fe
        case .v6(let high, _): isLoopback || high >> 57 == 0x7e || high >> 54 == 0x3fa
        }
    }
}
