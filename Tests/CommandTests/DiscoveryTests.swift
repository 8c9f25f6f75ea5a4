import Foundation
import TestSupport
import Testing

/// Who shares and who reads find each other by nothing but the key.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct DiscoveryTests {
    @Test func aDriveIsReadWithoutAnyAddress() async throws {
        let sharer = try Command()
        defer { withExtendedLifetime(sharer.home) {} }
        let (running, key) = try await sharer.share(["--listen", "127.0.0.1:0"])
        let reader = try Command()
        let start = ContinuousClock.now
        let cat = try reader.run("cat", key + "/file", "--listen", "127.0.0.1:0")
        print("found, connected and read in \(ContinuousClock.now - start)")
        #expect(cat.status == 0, "\(cat.errors)")
        #expect(cat.text == "found\n")
        #expect(running.end() == 0)
    }

    @Test func aDriveIsMountedWithoutAnyAddressEvenWhenItComesLater() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let sharer = try Command()
        defer { withExtendedLifetime(sharer.home) {} }
        let (first, key) = try await sharer.share(["--listen", "127.0.0.1:0"])
        #expect(first.end() == 0)
        let reader = try Command()
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        // Waiting before there is anybody.
        let mounting = try RunningCommand(
            reader,
            ["mount", key, point, "--listen", "127.0.0.1:0", "--json", "-v", "--foreground"])
        let (second, _) = try await sharer.share(["--listen", "127.0.0.1:0"])
        _ = try #require(await mounting.event("mounted"), "\(mounting.errors)")
        let bytes = FileManager.default.contents(atPath: point + "/file")
        #expect(bytes == Data("found\n".utf8))
        #expect(mounting.end() == 0)
        #expect(second.end() == 0)
    }

    @Test(arguments: ["--no-mdns", "--no-discovery"])
    func whoSwitchesItOffIsNotFound(option: String) async throws {
        let sharer = try Command()
        defer { withExtendedLifetime(sharer.home) {} }
        let (running, key) = try await sharer.share(["--listen", "127.0.0.1:0", option])
        let reader = try Command()
        let result = try reader.run(
            "cat", key + "/file", "--listen", "127.0.0.1:0", "--timeout", "1")
        #expect(result.status == 2)
        #expect(result.errors.contains("nobody on the local network"), "\(result.errors)")
        #expect(running.end() == 0)
    }

    /// Three entry nodes; who shares and who reads know one each, not the same.
    @Test func aDriveIsReadThroughEntryNodes() async throws {
        let entry = try Command()
        var nodes: [RunningCommand] = []
        var addresses: [String] = []
        for number in 0..<3 {
            let others = addresses.prefix(1).flatMap { ["--bootstrap", $0] }
            let node = try RunningCommand(
                entry,
                ["bootstrap", "--listen", "127.0.0.1:0", "--json"] + others
                    + ["--store", entry.home("node\(number)")])
            let ready = try #require(await node.event("ready"), "\(node.errors)")
            addresses.append(ready["listen"].array[0].string)
            nodes.append(node)
        }
        let options = ["--listen", "127.0.0.1:0", "--no-mdns", "--bootstrap"]
        let sharer = try Command()
        let folder = sharer.home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "found\n".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        let running = try RunningCommand(
            sharer, ["share", folder, "--foreground", "--json"] + options + [addresses[1]])
        let ready = try #require(await running.event("ready"), "\(running.errors)")
        let reader = try Command()
        let key = ready["key"].string
        let cat = try reader.run(["cat", key + "/file"] + options + [addresses[2]])
        #expect(cat.status == 0, "\(cat.errors)")
        #expect(cat.text == "found\n")
        #expect(running.end() == 0)
        for node in nodes { #expect(node.end(SIGTERM) == 0) }
        // Nobody has announced it any more.
        let late = try Command()
        let none = try late.run(
            ["cat", key + "/file", "--timeout", "1"] + options + [addresses[2]])
        #expect(none.status == 2)
        #expect(none.errors.contains("nobody who has it was found"), "\(none.errors)")
    }

    /// Nobody tells them where the other is; the relay brings them together, and says so.
    @Test func aDriveIsReadThroughARelay() async throws {
        let entry = try Command()
        let node = try RunningCommand(
            entry, ["bootstrap", "--relay", "--listen", "127.0.0.1:0", "--json"])
        let ready = try #require(await node.event("ready"), "\(node.errors)")
        let relay = ready["relay"].array[0].string
        let options = ["--listen", "127.0.0.1:0", "--no-discovery", "--relay", relay]
        let sharer = try Command()
        let folder = sharer.home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let bytes = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) })
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/file"))
        let running = try RunningCommand(
            sharer, ["share", folder, "--foreground", "--json"] + options)
        let shared = try #require(await running.event("ready"), "\(running.errors)")
        let reader = try Command()
        let key = shared["key"].string
        let cat = try reader.run(["cat", key + "/file", "-v"] + options)
        #expect(cat.status == 0, "\(cat.errors)")
        let isSame = cat.output == bytes
        #expect(isSame)
        #expect(running.end() == 0)
        #expect(node.end(SIGTERM) == 0)
        #expect(node.errors.contains("relayed"), "\(node.errors)")
    }

    /// Two machines with a cable between them, and no route to anywhere.
    @Test func twoMachinesOnACableNeedNoAddress() async throws {
        guard Laboratory.isThere else { return }
        let cable = try Cable()
        defer { withExtendedLifetime(cable) {} }
        let sharer = try Command(cable.ends[0])
        defer { withExtendedLifetime(sharer.home) {} }
        let reader = try Command(cable.ends[1])
        let (running, key) = try await sharer.share()
        let cat = try reader.run("cat", key + "/file")
        #expect(cat.status == 0, "\(cat.errors)")
        #expect(cat.text == "found\n")
        // By IPv6 alone as well: only link-local addresses, which need their interface.
        try cable.removeVersion4()
        let late = try Command(cable.ends[1])
        let again = try late.run("cat", key + "/file", "--timeout", "20")
        #expect(again.status == 0, "\(again.errors)")
        #expect(running.end() == 0)
    }
}
