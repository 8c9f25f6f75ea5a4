import Glibc

/// The kernel's own news of interfaces, addresses and routes (rtnetlink(7)). What they say is not
/// read: it is enough that there are any.
enum RouteSocket {
    /// A descriptor that becomes readable with each piece of news; `nil` where that is forbidden.
    static func open() -> CInt? {
        let type = CInt(bitPattern: SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, routes)
        guard descriptor >= 0 else { return nil }
        var address = Address()
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard bound == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// NETLINK_ROUTE.
    private static let routes: CInt = 0

    /// `struct sockaddr_nl`, which the overlay of the system's library does not show.
    private struct Address {
        let family = sa_family_t(AF_NETLINK)
        let padding: UInt16 = 0
        /// The kernel chooses.
        let port: UInt32 = 0
        /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR.
        let groups: UInt32 = 0x1 | 0x10 | 0x40 | 0x100
    }
}
