import NIOCore

/// An IP address and a port, as a datagram's source or destination. A plain value: the pure cores
/// of this module know sockets by nothing else.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The address; IPv4 in IPv6 clothes (`::ffff:a.b.c.d`) is always undressed.
    public var ip: IPAddress
    /// 0...65535.
    public var port: UInt16

    /// An endpoint of its parts.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// `a.b.c.d:port` or `[v6]:port`; `nil` when malformed, or a name instead of an address.
    public init?(_ text: String) {
        guard let address = Swarm.Address(text) else { return nil }
        self.init(address)
    }

    /// `nil` when the host is a name or carries a zone: those need a resolver.
    public init?(_ address: Swarm.Address) {
        guard let ip = IPAddress(address.host), let port = UInt16(exactly: address.port) else {
            return nil
        }
        self.init(ip: ip, port: port)
    }

    /// `nil` for Unix sockets.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address): self.init(address.address)
        case .v6(let address): self.init(address.address)
        case .unixDomainSocket, nil: return nil
        }
    }

    /// For a socket.
    func socketAddress() throws -> SocketAddress {
        try SocketAddress(ipAddress: ip.description, port: Int(port))
    }

    /// As `init(_:)` reads it.
    public var description: String {
        switch ip {
        case .v4: "\(ip):\(port)"
        case .v6: "[\(ip)]:\(port)"
        }
    }
}
