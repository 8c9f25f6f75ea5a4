import Foundation
import TestSupport
import Testing

/// The page that Prometheus reads.
@Suite(.timeLimit(.minutes(1)))
struct MetricsTests {
    @Test func aNodeTellsItsNumbersOnItsSocketAndOnAPortWhenAsked() async throws {
        let command = try Command()
        let node = try RunningCommand(
            command, ["node", "--offline", "--json", "--metrics", "127.0.0.1:0"])
        let ready = try #require(await node.event("ready"))
        let address = try #require(ready["metrics"].stringOrNil)
        let page = try fetch("http://\(address)/metrics")
        for name in [
            "hyperfs_build_info{version=\"", "hyperfs_mounts 0\n",
            "hyperfs_peers{transport=\"tcp\"} 0\n", "process_open_fds ",
            "# TYPE hyperfs_wire_bytes_total counter\n",
        ] {
            #expect(page.contains(name), "\(name)")
        }
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            #expect(line.wholeMatch(of: /[a-z_]+(\{[^}]*\})? -?[0-9.e+-]+/) != nil, "\(line)")
        }
        let memory = page.split(separator: "\n").first { $0.hasPrefix("process_resident") }
        #expect((memory?.split(separator: " ").last.flatMap { Int($0) } ?? 0) > 1_000_000)
        #expect(try fetch("http://\(address)/").contains("/metrics"))
        #expect(node.end() == 0)
    }

    @Test func whatTheKernelAskedForIsCountedByWhatItEndedIn() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let node = try RunningCommand(
            command, ["node", "--offline", "--json", "--metrics", "127.0.0.1:0"])
        let ready = try #require(await node.event("ready"))
        let address = try #require(ready["metrics"].stringOrNil)
        let folder = command.home("mnt")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        #expect(try command.run("mount", "notes", folder, "--offline").status == 0)
        try "hello".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        #expect(FileManager.default.contents(atPath: folder + "/none") == nil)
        #expect(mkdir(folder + "/dir", 0o755) == 0)
        #expect(rmdir(folder + "/file") != 0)
        let page = try fetch("http://\(address)/metrics")
        #expect(number("hyperfs_fuse_operations_total{op=\"mkdir\",errno=\"0\"}", page) == 1)
        #expect(
            number("hyperfs_fuse_operations_total{op=\"lookup\",errno=\"ENOENT\"}", page) ?? 0
                >= 1)
        #expect(
            number("hyperfs_fuse_operation_seconds_bucket{op=\"mkdir\",le=\"+Inf\"}", page) == 1)
        #expect(number("hyperfs_fuse_operation_seconds_count{op=\"mkdir\"}", page) == 1)
        #expect(number("hyperfs_mounts", page) == 1)
        #expect(number("hyperfs_blocks_rejected_total", page) == 0)
        #expect(try command.run("unmount", folder).status == 0)
        #expect(node.end() == 0)
    }

    private func number(_ name: String, _ page: String) -> Double? {
        page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test func whatIsNoAddressIsRefused() throws {
        #expect(try Command().run("node", "--metrics", "nowhere").status == 64)
    }

    private func fetch(_ url: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["--silent", "--max-time", "20", url]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
