/// A network of public addresses on this machine, and hosts that stand on it or behind routers
/// (docs/spec/nat.md 2). Nothing of it leads to the real one. All of it is there as long as this.
final class Internet {
    /// What everybody reaches: a bridge with some addresses of servers.
    let servers: Namespace
    /// Prefix of the public addresses; a /24.
    let prefix: String
    private var hosts: [Host] = []

    /// - Parameter prefix: three numbers of an address.
    init(_ prefix: String = "198.18.0") throws {
        self.prefix = prefix
        servers = try Namespace("pub")
        try servers.ip("link add br0 type bridge")
        try servers.ip("link set br0 up")
        for number in 1...Self.serversMax {
            try servers.ip("addr add \(server(number))/24 dev br0")
        }
    }

    static let serversMax = 5

    /// 1...5: the address of a server.
    func server(_ number: Int) -> String { "\(prefix).\(number)" }

    /// Somebody new, with a router of his own if there is to be one.
    func host(_ kind: NATKind) throws -> Host {
        let host = try Host(kind, number: hosts.count + 1, on: self)
        hosts.append(host)
        return host
    }

    /// Nothing comes through to a host or from it; it does not notice by itself.
    func cut(_ host: Host) throws { try servers.ip("link set port\(host.number) nomaster") }

    /// Ends that.
    func heal(_ host: Host) throws { try servers.ip("link set port\(host.number) master br0") }

    /// Plugs something in.
    fileprivate func attach(_ namespace: Namespace, as interface: String, _ number: Int) throws {
        let port = "port\(number)"
        try servers.connect(port, to: namespace, interface)
        try servers.ip("link set \(port) master br0 up")
        try namespace.ip("addr add \(prefix).\(10 + number)/24 dev \(interface)")
        try namespace.ip("link set \(interface) up")
    }

    /// A machine, and its router.
    final class Host {
        let kind: NATKind
        let machine: Namespace
        /// None for those who stand outside.
        let router: Namespace?
        /// The address that the world sees.
        let outside: String
        /// The address that the machine has.
        let inside: String
        /// Where the machine finds its router.
        let gateway: String
        fileprivate let number: Int

        fileprivate init(_ kind: NATKind, number: Int, on internet: Internet) throws {
            self.kind = kind
            self.number = number
            machine = try Namespace("h\(number)")
            outside = "\(internet.prefix).\(10 + number)"
            gateway = "10.0.\(number).1"
            guard kind != .open else {
                (router, inside) = (nil, outside)
                try internet.attach(machine, as: "eth0", number)
                return
            }
            let router = try Namespace("n\(number)")
            self.router = router
            inside = "10.0.\(number).2"
            try internet.attach(router, as: "wan", number)
            try router.connect("lan", to: machine, "eth0")
            try router.ip("addr add \(gateway)/24 dev lan")
            try router.ip("link set lan up")
            try router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
            try machine.ip("addr add \(inside)/24 dev eth0")
            try machine.ip("link set eth0 up")
            try machine.ip("route add default via \(gateway)")
            try router.run("nft", "-f", "-", input: kind.rules)
        }

        /// The machine gets another address from its router; the last number of it.
        func move(to number: Int) throws {
            try machine.ip("addr flush dev eth0 scope global")
            try machine.ip("addr add 10.0.\(self.number).\(number)/24 dev eth0")
            try machine.ip("route add default via \(gateway)")
        }
    }
}
