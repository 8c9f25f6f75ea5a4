import Glibc

/// Makes the socket of one link: multicast DNS of one family on one interface
/// (docs/spec/swarm.md 1.1). Made by hand because SwiftNIO knows neither the loopback as a place
/// for multicast nor the options that keep other interfaces' packets out.
enum MulticastSocket {
    /// 224.0.0.251 and ff02::fb.
    static let groups = (
        v4: IPAddress.v4(0xe000_00fb), v6: IPAddress.v6(0xff02_0000_0000_0000, 0xfb)
    )
    static let port: UInt16 = 5353
    /// Packets leave with it, and only such ones come in: no router passes it on, none restores it
    /// (RFC 6762 section 11).
    private static let hopLimit: UInt8 = 255
    /// What the kernel said.
    struct Failure: Error {
        let step: String
        let code: Int32
    }

    /// A descriptor, bound and in the group, sending from `source`. Throws `Failure`.
    static func open(_ link: LANInterface.Link, source: IPAddress) throws -> CInt {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(link.isVersion6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Failure(step: "socket", code: errno) }
        do {
            // Other responders run on this machine, under our account and under others.
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1), "reuse of the address")
            try set(descriptor, SOL_SOCKET, SO_REUSEPORT, Int32(1), "reuse of the port")
            if link.isVersion6 {
                try prepare6(descriptor, link.interface)
            } else {
                try prepare4(descriptor, link.interface, source)
            }
            attachFilter(descriptor, isVersion6: link.isVersion6)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func prepare4(
        _ descriptor: CInt, _ interface: Int32, _ source: IPAddress
    ) throws {
        let level = Int32(IPPROTO_IP)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        try bind(descriptor, &address)
        var membership = ip_mreqn()
        membership.imr_multiaddr = in_addr(s_addr: UInt32(0xe000_00fb).bigEndian)
        membership.imr_ifindex = interface
        try set(descriptor, level, IP_ADD_MEMBERSHIP, membership, "joining 224.0.0.251")
        // Left alone the kernel sends another interface's address through the loopback.
        if case .v4(let word) = source { membership.imr_address = in_addr(s_addr: word.bigEndian) }
        try set(descriptor, level, IP_MULTICAST_IF, membership, "choice of the interface")
        try set(descriptor, level, IP_MULTICAST_TTL, Int32(hopLimit), "time to live")
        try set(descriptor, level, IP_MULTICAST_LOOP, Int32(1), "loop to this machine")
        // Only what comes in where this socket is a member: so the socket names the interface.
        try set(descriptor, level, IP_MULTICAST_ALL, Int32(0), "this interface only")
    }

    private static func prepare6(_ descriptor: CInt, _ interface: Int32) throws {
        let level = Int32(IPPROTO_IPV6)
        try set(descriptor, level, IPV6_V6ONLY, Int32(1), "IPv6 only")
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        try bind(descriptor, &address)
        var membership = ipv6_mreq()
        withUnsafeMutableBytes(of: &membership.ipv6mr_multiaddr) {
            $0.copyBytes(from: groups.v6.bytes)
        }
        membership.ipv6mr_interface = UInt32(bitPattern: interface)
        try set(descriptor, level, IPV6_JOIN_GROUP, membership, "joining ff02::fb")
        try set(descriptor, level, IPV6_MULTICAST_IF, interface, "choice of the interface")
        try set(descriptor, level, IPV6_MULTICAST_HOPS, Int32(hopLimit), "hop limit")
        try set(descriptor, level, IPV6_MULTICAST_LOOP, Int32(1), "loop to this machine")
        // Old kernels do not know it: there the check of the source's subnet must do.
        _ = try? set(descriptor, level, IPV6_MULTICAST_ALL, Int32(0), "this interface only")
    }

    /// Whoever sends with 255 and is heard with 255 is on this network: no router was between
    /// (docs/spec/swarm.md 1.7). The kernel drops the rest where it can, hence no error where it
    /// cannot; the check of the source's subnet stays in any case.
    private static func attachFilter(_ descriptor: CInt, isVersion6: Bool) {
        // Load the byte at `SKF_NET_OFF` plus its place in the IP header; go on if it is 255, else
        // skip one; return all; return nothing.
        let place = UInt32(bitPattern: -0x10_0000) + (isVersion6 ? 7 : 8)
        var program = [
            sock_filter(code: 0x30, jt: 0, jf: 0, k: place),
            sock_filter(code: 0x15, jt: 0, jf: 1, k: UInt32(hopLimit)),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: .max),
            sock_filter(code: 0x06, jt: 0, jf: 0, k: 0),
        ]
        let count = UInt16(program.count)
        program.withUnsafeMutableBufferPointer { instructions in
            let filter = sock_fprog(len: count, filter: instructions.baseAddress)
            _ = try? set(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, filter, "filter")
        }
    }

    /// linux/filter.h, which is no part of Glibc.
    private struct sock_filter {
        var code: UInt16
        var jt: UInt8
        var jf: UInt8
        var k: UInt32
    }

    private struct sock_fprog {
        var len: UInt16
        var filter: UnsafeMutablePointer<sock_filter>?
    }

    private static func bind<Address>(_ descriptor: CInt, _ address: inout Address) throws {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else { throw Failure(step: "port 5353", code: errno) }
    }

    private static func set<Value>(
        _ descriptor: CInt, _ level: Int32, _ name: Int32, _ value: Value, _ step: String
    ) throws {
        let result = withUnsafePointer(to: value) {
            setsockopt(descriptor, level, name, $0, socklen_t(MemoryLayout<Value>.size))
        }
        guard result == 0 else { throw Failure(step: step, code: errno) }
    }
}
