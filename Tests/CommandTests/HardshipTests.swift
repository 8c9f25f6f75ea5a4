import Foundation
import TestSupport
import Testing

/// What goes wrong in a user's life: killed processes, vanished peers, full disks.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct HardshipTests {
    /// Content that names its place, so that a wrong byte shows.
    private static func content(_ count: Int, seed: Int) -> Data {
        Data((0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 131 ^ $0 >> 8) })
    }

    private static func makeFolder(_ path: String, files: Int, bytes: Int) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/sub", withIntermediateDirectories: true)
        for i in 0..<files {
            let name = path + (i % 2 == 0 ? "/sub/f\(i)" : "/f\(i)")
            try content(bytes, seed: i).write(to: URL(fileURLWithPath: name))
        }
    }

    /// Bytes of all files below a folder.
    private static func bytes(below path: String) -> Int {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }

    /// The folder's files as the drive has them, all there and equal.
    private static func expectSame(
        _ command: Command, key: String, folder: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let copy = command.home("copy-\(UUID().uuidString)")
        let get = try command.run("get", key, copy, "--offline")
        #expect(get.status == 0, "\(get.errors)", sourceLocation: sourceLocation)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: copy).sorted() == names,
            sourceLocation: sourceLocation)
        for name in names {
            #expect(
                FileManager.default.contents(atPath: copy + "/" + name)
                    == FileManager.default.contents(atPath: folder + "/" + name),
                "\(name)", sourceLocation: sourceLocation)
        }
    }

    /// kill -9 at some point of an import, several times over: the store opens again each time,
    /// under the same key, and the import that is let alone brings everything.
    @Test func anImportThatIsKilledGoesOnWhereItWas() async throws {
        var random = SeededRandom.announced()
        let command = try Command()
        let folder = command.home("folder")
        try Self.makeFolder(folder, files: 300, bytes: 70_000)
        let share = ["share", folder, "--foreground", "--offline", "--once", "--json"]
        var keys: Set<String> = []
        for _ in 0..<6 {
            let running = try RunningCommand(command, share)
            if let event = await running.event("key") { keys.insert(event["key"].string) }
            // Anywhere between the first byte and the last.
            let enough = Int.random(in: 0...21_000_000, using: &random)
            let store = command.home("store")
            func isEarly() -> Bool { running.isRunning && Self.bytes(below: store) < enough }
            while isEarly() { try await Task.sleep(for: .milliseconds(2)) }
            _ = running.end(SIGKILL)
        }
        let last = try RunningCommand(command, share)
        let ready = try #require(await last.event("ready"), "\(last.errors)")
        keys.insert(ready["key"].string)
        #expect(last.end() == 0)
        #expect(keys.count == 1)
        try Self.expectSame(command, key: ready["key"].string, folder: folder)
    }

    /// A dead mount is noticed, cleaned up and mounted over again.
    @Test func aKilledMountLeavesNothingThatHinders() async throws {
        try await withMount { sharing, reader, point, mount in
            #expect(mount.end(SIGKILL) == 137)
            #expect(throws: (any Error).self) {
                try FileManager.default.contentsOfDirectory(atPath: point)
            }
            let unmount = try reader.run("unmount", point)
            #expect(unmount.status == 0, "\(unmount.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: point).isEmpty)
            let again = try RunningCommand(
                reader,
                [
                    "mount", sharing.key, point, "--peer", sharing.address, "--no-mdns", "--json",
                    "--foreground",
                ])
            _ = try #require(await again.event("mounted"), "\(again.errors)")
            #expect(
                FileManager.default.contents(atPath: point + "/f1") == sharing.content(of: "f1"))
            #expect(again.end() == 0)
        }
    }

    /// The only peer vanishes: what is here is read, what is not ends in a bounded time in a clear
    /// errno, and everything goes on when the peer is back.
    @Test func aVanishedPeerCostsABoundedWaitAndNoWrongByte() async throws {
        try await withMount { sharing, reader, point, mount in
            #expect(
                FileManager.default.contents(atPath: point + "/f1") == sharing.content(of: "f1"))
            _ = try FileManager.default.contentsOfDirectory(atPath: point + "/sub")
            let listed = try FileManager.default.attributesOfItem(atPath: point + "/sub/f0")
            #expect(listed[.size] as? Int == Self.fileBytes)
            #expect(sharing.running.end(SIGKILL) == 137)
            #expect(
                FileManager.default.contents(atPath: point + "/f1") == sharing.content(of: "f1"))
            let descriptor = open(point + "/sub/f8", O_RDONLY)
            #expect(descriptor >= 0)
            async let failure = onThread { () -> Int32 in
                var byte: UInt8 = 0
                return pread(descriptor, &byte, 1, 500_000) == -1 ? errno : 0
            }
            // Until then everybody can see what is waited for.
            var waits: [String] = []
            while waits.isEmpty {
                let status = try reader.run("status", "--json").json.first
                waits = status?["mounts"][0]["waitingFor"].array.map { $0["path"].string } ?? []
            }
            #expect(waits == ["/sub/f8"])
            let number = await failure
            #expect([ETIMEDOUT, EHOSTUNREACH, ENETDOWN].contains(number), "\(number)")
            close(descriptor)

            let back = try RunningCommand(
                sharing.command,
                ["share", sharing.folder, "--foreground", "--listen", sharing.address, "--json"])
            _ = try #require(await back.event("ready"), "\(back.errors)")
            // The peer is dialed again by and by; a read waits for it only as long as it may.
            var content: Data?
            while content == nil {
                content = FileManager.default.contents(atPath: point + "/sub/f8")
            }
            #expect(content == sharing.content(of: "sub/f8"))
            #expect(mount.end() == 0)
            #expect(back.end() == 0)
        }
    }

    /// No space in the sharer's store: said, with what to do; nothing that was there is lost.
    @Test func aFullDiskIsSaidAndLosesNothing() async throws {
        let command = try Command()
        let disk = command.home("disk")
        guard let volume = try SmallDisk(at: disk, megabytes: 24) else { return }
        defer { volume.unmount() }
        let (folder, store) = (command.home("folder"), disk + "/store")
        try Self.makeFolder(folder, files: 4, bytes: 1_000_000)
        let share = [
            "share", folder, "--foreground", "--store", store, "--offline", "--once", "--json",
        ]
        let small = try RunningCommand(command, share)
        let ready = try #require(await small.event("ready"), "\(small.errors)")
        #expect(small.end() == 0)
        try Self.content(30_000_000, seed: 1).write(to: URL(fileURLWithPath: folder + "/large"))
        let failed = try command.run(share)
        #expect(failed.status == 1, "\(failed.text)\(failed.errors)")
        let error = try #require(failed.json.last)
        #expect(error["event"].string == "error")
        #expect(error["message"].string.localizedCaseInsensitiveContains("space"), "\(failed.text)")
        #expect(!error["hint"].string.isEmpty)
        try FileManager.default.removeItem(atPath: folder + "/large")
        var offline = command
        offline.environment["HYPERFS_STORE"] = store
        try Self.expectSame(offline, key: ready["key"].string, folder: folder)
    }
}

extension HardshipTests {
    fileprivate static let fileBytes = 1_000_000

    /// A shared folder of ten files of a megabyte.
    fileprivate struct Sharing {
        let command: Command
        let running: RunningCommand
        let folder: String
        let key: String
        let address: String

        init() async throws {
            command = try Command()
            folder = command.home("folder")
            try makeFolder(folder, files: 10, bytes: fileBytes)
            running = try RunningCommand(
                command, ["share", folder, "--foreground", "--listen", "127.0.0.1:0", "--json"])
            let ready = try #require(await running.event("ready"), "\(running.errors)")
            key = ready["key"].string
            address = try #require(ready["listen"].array.first?.string)
        }

        func content(of name: String) -> Data? {
            FileManager.default.contents(atPath: folder + "/" + name)
        }
    }

    /// A fresh mount of a share, with two seconds for a read.
    fileprivate func withMount(
        _ body: (Sharing, Command, String, RunningCommand) async throws -> Void
    ) async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let sharing = try await Sharing()
        let reader = try Command()
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let mount = try RunningCommand(
            reader,
            [
                "mount", sharing.key, point, "--peer", sharing.address, "--no-mdns", "--json",
                "--foreground",
                "--timeout", "2",
                "--foreground", "--readahead", "0",
            ])
        defer { _ = try? reader.run("unmount", point) }
        _ = try #require(await mount.event("mounted"), "\(mount.errors)")
        try await body(sharing, reader, point, mount)
        _ = sharing.running.end()
    }
}
