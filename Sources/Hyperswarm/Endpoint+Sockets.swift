import Glibc
import NIOCore

// Without the detour over text: once for each datagram.

extension IPAddress {
    /// AF_INET or AF_INET6.
    var family: CInt {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }
}

extension Endpoint {
    /// Lends it as the system wants it.
    func withSocketAddress<R>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> R
    ) rethrows -> R {
        switch ip {
        case .v4(let word):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = word.bigEndian
            return try Self.lend(&address, body)
        case .v6(let high, let low):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return try Self.lend(&address, body)
        }
    }

    private static func lend<Address, R>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> R
    ) rethrows -> R {
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// From the bytes of a `sockaddr`; `nil` for families that are not IP.
    init?(_ address: UnsafeRawBufferPointer) {
        guard address.count >= MemoryLayout<sockaddr_in>.size else { return nil }
        switch CInt(address.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET: self.init(address.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6 where address.count >= MemoryLayout<sockaddr_in6>.size:
            self.init(address.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    init(_ address: sockaddr_in) {
        let word = UInt32(bigEndian: address.sin_addr.s_addr)
        self.init(ip: .v4(word), port: UInt16(bigEndian: address.sin_port))
    }

    init?(_ address: sockaddr_in6) {
        let ip = withUnsafeBytes(of: address.sin6_addr) { IPAddress(bytes: $0) }
        guard let ip else { return nil }
        self.init(ip: ip, port: UInt16(bigEndian: address.sin6_port))
    }
}
