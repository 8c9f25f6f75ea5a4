import Glibc
import NIOCore

extension NetworkPlace {
    /// Now.
    static func current() -> NetworkPlace {
        let devices = (try? System.enumerateDevices()) ?? []
        let addresses = devices.compactMap { Endpoint($0.address)?.ip }
        return NetworkPlace(
            addresses: Set(addresses.filter { !$0.isLoopback }),
            gateway: DefaultGateway.current())
    }

    /// The address that what is sent to another leaves from; `nil` when no route leads there.
    /// Sends nothing.
    static func source(to remote: Endpoint) -> IPAddress? {
        let descriptor = socket(remote.ip.family, CInt(SOCK_DGRAM.rawValue) | cloexec, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard remote.withSocketAddress({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        guard found == 0 else { return nil }
        return withUnsafeBytes(of: &storage) { Endpoint($0)?.ip }
    }

    private static let cloexec = CInt(bitPattern: SOCK_CLOEXEC.rawValue)
}

extension NIODeadline {
    /// Of a clock that goes on while the machine sleeps; not to be compared with others.
    static func nowWithSleep() -> NIODeadline {
        var time = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return .now() }
        return .uptimeNanoseconds(UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
