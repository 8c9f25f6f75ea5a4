import Glibc

/// The router between us and the rest of the world, as the kernel's table of routes has it.
struct DefaultGateway: Hashable, Sendable {
    let router: IPAddress
    /// The interface that leads there.
    let interface: String

    /// Now; `nil` where there is none, or only one without an address (a point-to-point line).
    static func current() -> DefaultGateway? {
        guard let file = fopen("/proc/net/route", "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: Limits.PortMapping.routesBytesMax)
        let count = fread(&bytes, 1, bytes.count, file)
        return DefaultGateway(routes: String(decoding: bytes.prefix(count), as: UTF8.self))
    }

    /// From the text of /proc/net/route: the default route with the smallest metric.
    init?(routes: String) {
        var best: (metric: Int, gateway: DefaultGateway)?
        for line in routes.split(separator: "\n").dropFirst() {
            // Interface, destination, gateway, flags, two counters, metric, mask, and more.
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard words.count >= 8, let destination = UInt32(words[1], radix: 16),
                let word = UInt32(words[2], radix: 16), let flags = UInt16(words[3], radix: 16),
                let metric = Int(words[6]), let mask = UInt32(words[7], radix: 16)
            else { continue }
            // RTF_UP and RTF_GATEWAY.
            guard destination == 0, mask == 0, flags & 3 == 3, word != 0 else { continue }
            guard best.map({ metric < $0.metric }) ?? true else { continue }
            // Written as the machine keeps it, which is in network order.
            let router = IPAddress.v4(UInt32(bigEndian: word))
            best = (metric, DefaultGateway(router: router, interface: String(words[0])))
        }
        guard let best else { return nil }
        self = best.gateway
    }

    init(router: IPAddress, interface: String) {
        self.router = router
        self.interface = interface
    }
}
