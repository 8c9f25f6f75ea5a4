import Glibc

/// Names of hosts, asked of the system's resolver.
enum HostName {
    /// The IPv4 addresses of a host; none when it has none, or nobody knows. Blocks.
    static func version4(of address: Swarm.Address) -> [Endpoint] {
        guard let port = UInt16(exactly: address.port) else { return [] }
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [Endpoint] = []
        var next = list
        while let item = next?.pointee {
            next = item.ai_next
            guard item.ai_family == AF_INET, let socket = item.ai_addr else { continue }
            let word = socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
            }
            found.append(Endpoint(ip: .v4(word), port: port))
        }
        return found
    }
}
