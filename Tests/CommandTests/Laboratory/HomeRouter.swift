import Foundation
import TestSupport

/// What a router at home does when a machine asks it for a port: miniupnpd, in the namespace of a
/// host's router.
final class HomeRouter {
    /// How it can be asked.
    enum Dialect: String, CaseIterable, Sendable {
        case pcp = "PCP"
        case natpmp = "NAT-PMP"
        case upnp = "UPnP"
    }

    private let namespace: Namespace
    private let folder: TemporaryFolder
    private let daemon = Process()

    static var canRun: Bool { FileManager.default.isExecutableFile(atPath: program) }

    init(of host: Internet.Host, speaking dialect: Dialect) throws {
        guard let router = host.router else { throw POSIXError(.EINVAL) }
        namespace = router
        folder = try TemporaryFolder()
        try router.run("nft", "-f", "-", input: Self.chains)
        // The daemon answers both in one place; an old router has never heard of the new version.
        if dialect == .natpmp { try router.run("nft", "-f", "-", input: Self.noPCP) }
        let settings = """
            ext_ifname=wan
            listening_ip=lan
            port=5000
            enable_natpmp=\(dialect == .upnp ? "no" : "yes")
            enable_upnp=\(dialect == .upnp ? "yes" : "no")
            secure_mode=yes
            uuid=5b7b1d2e-7c3e-4f4e-9a53-0c7f2c3a9a10
            upnp_table_name=miniupnpd
            upnp_nat_table_name=miniupnpd
            allow 1024-65535 \(host.inside)/32 1024-65535

            """
        try settings.write(toFile: folder("settings"), atomically: false, encoding: .utf8)
        let words =
            router.wrapper + [
                Self.program, "-d", "-f", folder("settings"), "-P", folder("pid"),
            ]
        daemon.executableURL = URL(fileURLWithPath: words[0])
        daemon.arguments = Array(words.dropFirst())
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
    }

    deinit {
        // It inherits a mask that blocks milder signals, and has nothing to tidy up but a namespace
        // that goes away.
        kill(daemon.processIdentifier, SIGKILL)
        daemon.waitUntilExit()
    }

    /// How many mappings there are for an outside port: TCP and UDP are two.
    func mappings(of port: Int) throws -> Int {
        try namespace.run("nft", "list", "chain", "inet", "miniupnpd", "prerouting_miniupnpd")
            .split(separator: "\n").count { $0.contains("dport \(port) dnat") }
    }

    private static let program = "/usr/sbin/miniupnpd"

    /// Where the daemon puts its rules.
    private static let chains = """
        table inet miniupnpd {
          chain forward {
            type filter hook forward priority 0; policy accept;
            jump miniupnpd
          }
          chain miniupnpd { }
          chain prerouting {
            type nat hook prerouting priority -100; policy accept;
            jump prerouting_miniupnpd
          }
          chain postrouting {
            type nat hook postrouting priority 100; policy accept;
            jump postrouting_miniupnpd
          }
          chain prerouting_miniupnpd { }
          chain postrouting_miniupnpd { }
        }

        """

    /// The first byte of a request is its version.
    private static let noPCP = """
        table inet oldrouter {
          chain input {
            type filter hook input priority 0; policy accept;
            udp dport 5351 @th,64,8 2 drop
          }
        }

        """
}
