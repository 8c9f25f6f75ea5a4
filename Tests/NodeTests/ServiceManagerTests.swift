import Glibc
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct ServiceManagerTests {
    /// A socket as systemd opens one.
    private func listener(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        if bytes.first == UInt8(ascii: "@") {
            withUnsafeMutableBytes(of: &address.sun_path) { $0[0] = 0 }
        }
        let length = socklen_t(2 + bytes.count)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
            }
        }
        try #require(result == 0)
        return descriptor
    }

    private func received(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    @Test func itTellsAFileSocketAndAnAbstractOne() throws {
        let folder = try TemporaryFolder()
        for path in [folder("notify"), "@hyperfs-test-\(getpid())"] {
            let descriptor = try listener(path)
            defer { close(descriptor) }
            let manager = try #require(ServiceManager { $0 == "NOTIFY_SOCKET" ? path : nil })
            manager.ready("2 mounts\nREADY=0")
            #expect(received(descriptor) == "READY=1\nSTATUS=2 mounts READY=0")
            manager.alive()
            #expect(received(descriptor) == "WATCHDOG=1")
            manager.stopping()
            #expect(received(descriptor) == "STOPPING=1")
            #expect(manager.watchdogInterval == nil)
        }
    }

    @Test func theWatchdogIsFedTwiceAsOftenAsAsked() {
        let own = "\(getpid())"
        func manager(_ pid: String?, _ limit: String) -> ServiceManager? {
            ServiceManager {
                ["NOTIFY_SOCKET": "/x", "WATCHDOG_PID": pid, "WATCHDOG_USEC": limit][$0] ?? nil
            }
        }
        #expect(manager(own, "60000000")?.watchdogInterval == .seconds(30))
        #expect(manager(nil, "60000000")?.watchdogInterval == .seconds(30))
        #expect(manager("1", "60000000")?.watchdogInterval == nil)
        #expect(manager(own, "-5")?.watchdogInterval == nil)
        #expect(manager(own, "soon")?.watchdogInterval == nil)
    }

    @Test func whereNobodyWantsToKnowNobodyIsTold() {
        #expect(ServiceManager { _ in nil } == nil)
        #expect(ServiceManager { _ in "relative" } == nil)
        ServiceManager { $0 == "NOTIFY_SOCKET" ? "/nowhere/notify" : nil }?.ready("x")
        let long = "/" + String(repeating: "x", count: 300)
        ServiceManager { $0 == "NOTIFY_SOCKET" ? long : nil }?.ready("x")
    }
}
