import Foundation

/// A UDP socket in a namespace, for short words.
final class UDPProbe: Sendable {
    private let descriptor: CInt

    /// An IPv4 address and a port.
    struct Place: Hashable, Sendable {
        let host: String
        let port: UInt16
    }

    init(in namespace: Namespace, at place: Place) throws {
        descriptor = try namespace.inside {
            let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
            var address = place.address
            let bound = Self.lend(&address) { bind(descriptor, $0, $1) }
            guard descriptor >= 0, bound == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            // Whatever is not there by then is not coming.
            var patience = timeval(tv_sec: 2, tv_usec: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
                socklen_t(MemoryLayout<timeval>.size))
            return descriptor
        }
    }

    deinit { close(descriptor) }

    func send(_ word: String, to place: Place) {
        let bytes = Array(word.utf8)
        var address = place.address
        _ = Self.lend(&address) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    /// The next datagram; nil when none comes in time. `waits` false: only what is there.
    func receive(waits: Bool = true) -> (word: String, from: Place)? {
        var bytes = [UInt8](repeating: 0, count: 64)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let flags = waits ? 0 : CInt(MSG_DONTWAIT)
        let count = Self.lend(&address) { pointer, _ in
            recvfrom(descriptor, &bytes, bytes.count, flags, pointer, &size)
        }
        guard count >= 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count))
        let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        let place = Place(host: host, port: UInt16(bigEndian: address.sin_port))
        return (String(decoding: bytes.prefix(count), as: UTF8.self), place)
    }

    private static func lend<R>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

extension UDPProbe.Place {
    fileprivate var address: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }
}
