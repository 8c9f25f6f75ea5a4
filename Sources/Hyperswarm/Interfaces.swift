import Glibc
import NIOCore

/// The addresses of this machine.
enum Interfaces {
    /// Addresses by which others reach a bound one: itself, or for a wildcard those of every
    /// interface, the loopback last. Link-local ones are left out: useless without a zone.
    static func reachable(_ bound: Swarm.Address) -> [Swarm.Address] {
        guard bound.host == "0.0.0.0" || bound.host == "::" else { return [bound] }
        let isVersion6 = bound.host == "::"
        let devices = (try? System.enumerateDevices()) ?? []
        let hosts = devices.compactMap { device -> String? in
            guard let host = device.address?.ipAddress else { return nil }
            guard host.contains(":") == isVersion6, !host.hasPrefix("fe80:") else { return nil }
            return host
        }
        let far = hosts.filter { !isLoopback($0) }
        let near = hosts.filter(isLoopback)
        return (far + near).map { Swarm.Address(host: $0, port: bound.port) }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "::1" || host.hasPrefix("127.")
    }
}
