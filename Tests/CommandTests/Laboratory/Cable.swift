/// Two network namespaces and a cable between them.
struct Cable {
    let ends: [Namespace]

    init() throws {
        ends = try ["a", "b"].map { try Namespace($0) }
        try ends[0].connect("cable0", to: ends[1], "cable0")
        for (index, end) in ends.enumerated() {
            // Addresses count at once: nobody else is on this cable.
            try end.run("sysctl", "-qw", "net.ipv6.conf.cable0.accept_dad=0")
            try end.ip("addr add 10.77.0.\(index + 1)/24 dev cable0")
            try end.ip("link set cable0 up")
        }
    }

    /// Leaves the link-local addresses of IPv6.
    func removeVersion4() throws {
        for end in ends { try end.ip("-4 addr flush dev cable0") }
    }
}
