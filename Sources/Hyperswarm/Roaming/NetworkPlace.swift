/// Where this machine is, as far as the network goes.
struct NetworkPlace: Hashable, Sendable {
    /// All but the loopback's; a link-local one stands here without its zone.
    var addresses: Set<IPAddress> = []
    /// The router for IPv4.
    var gateway: DefaultGateway?
}
