import Foundation

/// Two network namespaces and a cable between them. Needs root.
struct Cable {
    private let names: [String]

    /// nil where namespaces cannot be made.
    init?() throws {
        let stem = "hyperfs-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        names = [stem + "-a", stem + "-b"]
        guard getuid() == 0, FileManager.default.isExecutableFile(atPath: Self.tool) else {
            return nil
        }
        for name in names {
            guard try Self.run("netns", "add", name) else {
                remove()
                return nil
            }
        }
        let made = try Self.run(
            "link", "add", "cable0", "netns", names[0], "type", "veth", "peer", "name", "cable0",
            "netns", names[1])
        guard made else {
            remove()
            return nil
        }
        for (index, name) in names.enumerated() {
            // Addresses count at once: nobody else is on this cable.
            _ = try Self.run(
                "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.cable0.accept_dad=0")
            _ = try Self.run("-n", name, "link", "set", "lo", "up")
            _ = try Self.run("-n", name, "addr", "add", "10.77.0.\(index + 1)/24", "dev", "cable0")
            _ = try Self.run("-n", name, "link", "set", "cable0", "up")
        }
    }

    private static let tool = "/usr/sbin/ip"

    private static func run(_ words: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// What runs a command at one of the ends.
    func wrapper(_ end: Int) -> [String] { [Self.tool, "netns", "exec", names[end]] }

    /// Leaves the link-local addresses of IPv6.
    func removeVersion4() throws {
        for name in names { _ = try Self.run("-n", name, "-4", "addr", "flush", "dev", "cable0") }
    }

    /// With everything in it.
    func remove() {
        for name in names { _ = try? Self.run("netns", "del", name) }
    }
}
