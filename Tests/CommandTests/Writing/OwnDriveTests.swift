import Foundation
import TestSupport
import Testing

/// Own drives from the user's side: who follows them, what stops them.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct OwnDriveTests {
    /// Another mount of the drive, in another store, sees each change, and never half of one.
    @Test func whoMountsTheDriveElsewhereSeesEachChangeWhole() async throws {
        let port = try FreePort.any()
        guard
            let mount = try await OwnMount(
                options: ["--listen", "127.0.0.1:\(port)", "--no-mdns"], isOffline: false)
        else { return }
        try Self.content(0).write(to: URL(fileURLWithPath: mount.path + "/f"))
        let reader = try Command()
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let running = try RunningCommand(
            reader,
            [
                "mount", mount.key, point, "--foreground", "--peer", "127.0.0.1:\(port)",
                "--no-mdns", "--json",
            ])
        defer { _ = try? reader.run("unmount", point) }
        let event = try #require(await running.event("mounted"), "\(running.errors)")
        #expect(!event["writable"].bool)
        var delays: [Duration] = []
        for number in 1...25 {
            // In place, and by a new file in the old one's place.
            let name = mount.path + (number % 2 == 0 ? "/f" : "/new")
            #expect(FileManager.default.createFile(atPath: name, contents: Self.content(number)))
            if number % 2 == 1 { #expect(rename(name, mount.path + "/f") == 0) }
            let start = ContinuousClock.now
            var seen = -1
            while seen != number {
                guard let data = FileManager.default.contents(atPath: point + "/f") else {
                    continue
                }
                seen = Int(String(decoding: data.prefix(6), as: UTF8.self)) ?? -1
                #expect(data == Self.content(seen), "a mix of two versions")
            }
            delays.append(.now - start)
        }
        print("another mount saw a change after \(delays.sorted()[delays.count / 2]) (median)")
        #expect(try reader.run("unmount", point).status == 0)
        #expect(running.wait() == 0)
        try mount.unmount()
    }

    private static func content(_ number: Int) -> Data {
        Data(String(format: "%06d", number).utf8)
            + Data(repeating: UInt8(truncatingIfNeeded: number), count: 150_000 + number * 7)
    }

    /// No space: the writer is told, everything earlier is intact, and it goes on when there is
    /// space again.
    @Test func aFullDiskIsToldToTheWriterAndLosesNothingEarlier() async throws {
        let disks = try TemporaryFolder()
        guard let disk = try SmallDisk(at: disks("disk"), megabytes: 32) else { return }
        defer { disk.unmount() }
        guard let mount = try await OwnMount(store: disk.path + "/store") else { return }
        let first = Data((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) })
        #expect(Self.write(first, to: mount.path + "/first") == 0)
        #expect(Self.write(Data(count: 60_000_000), to: mount.path + "/large") == ENOSPC)
        #expect(FileManager.default.contents(atPath: mount.path + "/first") == first)
        #expect(unlink(mount.path + "/large") == 0)
        #expect(Self.write(first, to: mount.path + "/second") == 0)
        try await mount.remount()
        for name in ["/first", "/second"] {
            #expect(FileManager.default.contents(atPath: mount.path + name) == first)
        }
        try mount.unmount()
    }

    /// Writes and syncs; 0 or why not.
    private static func write(_ data: Data, to path: String) -> Int32 {
        let file = open(path, O_WRONLY | O_CREAT, 0o644)
        guard file >= 0 else { return errno }
        defer { close(file) }
        var done = 0
        while done < data.count {
            let piece = data[done..<min(data.count, done + 1 << 20)]
            let count = piece.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return errno }
            done += count
        }
        return fsync(file) == 0 ? 0 : errno
    }

    @Test func theDriveOfASharedFolderIsNotWrittenThroughAMount() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else { return }
        let command = try Command()
        let (folder, point) = (command.home("folder"), command.home("mnt"))
        for path in [folder, point] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
        let share = try RunningCommand(
            command, ["share", folder, "--name", "s", "--once", "--offline", "--json"])
        _ = try #require(await share.event("ready"), "\(share.errors)")
        #expect(share.end() == 0)
        let mount = try RunningCommand(
            command, ["mount", "s", point, "--offline", "--json", "--foreground"])
        let event = try #require(await mount.event("mounted"), "\(mount.errors)")
        #expect(!event["writable"].bool)
        #expect(mkdir(point + "/x", 0o755) == -1 && errno == EROFS)
        #expect(mount.end() == 0)
        #expect(mount.errors.contains("change the files there"))
    }
}
