import Foundation
import Glibc
import TestSupport
import Testing

/// `hyperfs node` as systemd runs it.
@Suite(.timeLimit(.minutes(1)))
struct ServiceTests {
    @Test func itTellsThatItIsReadyThatItLivesAndThatItEnds() async throws {
        var command = try Command()
        let path = command.home("notify")
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        command.environment = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"]
        let node = try RunningCommand(command, ["node", "--offline", "--json"])
        var heard = ""
        while !heard.contains("WATCHDOG=1") {
            heard += await onThread {
                var buffer = [UInt8](repeating: 0, count: 512)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) + "\n"
            }
        }
        #expect(heard.hasPrefix("READY=1\nSTATUS=0 mounts, 0 shares, 0 seeds"))
        #expect(node.end(SIGTERM) == 0)
        var last = ""
        var buffer = [UInt8](repeating: 0, count: 512)
        while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)),
            count > 0
        {
            last = String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        #expect(last == "STOPPING=1")
    }
}
