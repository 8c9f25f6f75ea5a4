import Glibc

/// Tells systemd how a service is doing: READY, STATUS, WATCHDOG (sd_notify(3), the protocol of a
/// datagram to the socket in `NOTIFY_SOCKET`).
public struct ServiceManager: Sendable {
    private let socket: String

    /// How often it wants to hear that the service is alive; `nil`: not at all.
    public let watchdogInterval: Duration?

    /// `nil` when nobody wants to know.
    public init?(environment: (String) -> String? = Self.variable) {
        guard let socket = environment("NOTIFY_SOCKET"),
            socket.hasPrefix("/") || socket.hasPrefix("@"), socket.utf8.count > 1
        else { return nil }
        self.socket = socket
        let isForUs = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let limit = environment("WATCHDOG_USEC").flatMap { Int64($0) }
        watchdogInterval = limit.flatMap {
            // Twice as often, as its manual advises.
            isForUs && $0 > 0 ? .microseconds($0 / 2) : nil
        }
    }

    /// The whole is usable now.
    public func ready(_ status: String) { tell("READY=1\nSTATUS=\(Self.line(status))") }

    /// What `systemctl status` shows.
    public func status(_ status: String) { tell("STATUS=\(Self.line(status))") }

    /// A sign of life.
    public func alive() { tell("WATCHDOG=1") }

    /// It ends; what follows is orderly.
    public func stopping() { tell("STOPPING=1") }

    /// The environment of this process.
    public static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// A manager that is gone is no reason to fail.
    private func tell(_ text: String) {
        var address = sockaddr_un()
        let bytes = Array(socket.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { return }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            // An abstract name begins with a zero.
            if bytes.first == UInt8(ascii: "@") { path[0] = 0 }
        }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let message = Array(text.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, message, message.count,
                    Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
