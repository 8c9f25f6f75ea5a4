import Foundation
import TestSupport
import Testing

/// A store that was copied, and both copies mounted: who notices, and what becomes of the files.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct TwoWritersTests {
    /// One of the two machines.
    private struct Side {
        let command: Command
        let point: String

        init() throws {
            command = try Command()
            point = command.home("mnt")
            try FileManager.default.createDirectory(
                atPath: point, withIntermediateDirectories: true)
        }

        func mount(_ options: [String]) async throws -> RunningCommand {
            let running = try RunningCommand(
                command, ["mount", "notes", point, "--json", "--foreground"] + options)
            _ = try #require(await running.event("mounted"), "\(running.errors)")
            return running
        }

        func write(_ name: String) -> Bool {
            FileManager.default.createFile(
                atPath: "\(point)/\(name)", contents: Data("\(name)\n".utf8))
        }

        func read(_ name: String) -> String? {
            FileManager.default.contents(atPath: "\(point)/\(name)").map {
                String(decoding: $0, as: UTF8.self)
            }
        }

        /// Returns when nothing can be written any more; the suite's limit ends a wait in vain.
        func refusal() async -> Int32 {
            await onThread {
                var number: Int32 = 0
                while probe(&number) { usleep(20_000) }
                return number
            }
        }

        /// Whether something can be written; else why not.
        private func probe(_ number: inout Int32) -> Bool {
            let file = open("\(point)/probe", O_WRONLY | O_CREAT, 0o644)
            number = errno
            guard file >= 0 else { return false }
            defer { close(file) }
            let isSynced = fsync(file) == 0
            number = errno
            return isSynced
        }
    }

    @Test func anOldCopyIsRefusedAndTheOtherGoesOn() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let (first, second) = (try Side(), try Side())
        #expect(try first.command.run("create", "--name", "notes").status == 0)
        var running = try await first.mount(["--offline"])
        #expect(first.write("common"))
        #expect(running.end() == 0)
        try FileManager.default.copyItem(
            atPath: first.command.home("store"), toPath: second.command.home("store"))
        running = try await first.mount(["--offline"])
        #expect(first.write("newer"))
        #expect(running.end() == 0)

        let port = try FreePort.any()
        running = try await first.mount([
            "--listen", "127.0.0.1:\(port)", "--no-discovery", "--no-mdns",
        ])
        let other = try await second.mount([
            "--peer", "127.0.0.1:\(port)", "--no-discovery", "--no-mdns",
        ])
        // Not by writing: what it wrote before it knew would be a second history.
        while !other.errors.contains("old copy"), other.isRunning { usleep(20_000) }
        #expect(other.errors.contains("put the newest copy of the store in its place"))
        #expect(await second.refusal() == EROFS)
        #expect(mkdir(second.point + "/d", 0o755) == -1 && errno == EROFS)
        #expect(second.read("common") == "common\n")
        // Nothing of the first is touched, and it goes on.
        #expect(first.read("newer") == "newer\n")
        #expect(first.write("newest"))
        #expect(first.read("newest") == "newest\n")
        _ = other.end()
        #expect(running.end() == 0)
        running = try await first.mount(["--offline"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: first.point).sorted()
                == ["common", "newer", "newest"])
        #expect(running.end() == 0)
        // The copy remembers, with advice.
        let again = try await second.mount(["--offline"])
        #expect(mkdir(second.point + "/d", 0o755) == -1 && errno == EROFS)
        #expect(second.read("common") == "common\n")
        #expect(again.end() == 0)
    }

    @Test func twoThatBothWroteAreBothToldAndKeepWhatTheyHave() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else { return }
        let (first, second) = (try Side(), try Side())
        #expect(try first.command.run("create", "--name", "notes").status == 0)
        var running = try await first.mount(["--offline"])
        #expect(first.write("common"))
        #expect(running.end() == 0)
        try FileManager.default.copyItem(
            atPath: first.command.home("store"), toPath: second.command.home("store"))
        for (side, names) in [(first, ["a", "b"]), (second, ["x", "y"])] {
            running = try await side.mount(["--offline"])
            for name in names { #expect(side.write(name)) }
            #expect(running.end() == 0)
        }
        let port = try FreePort.any()
        running = try await first.mount([
            "--listen", "127.0.0.1:\(port)", "--no-discovery", "--no-mdns",
        ])
        let other = try await second.mount([
            "--peer", "127.0.0.1:\(port)", "--no-discovery", "--no-mdns",
        ])
        #expect([EROFS, EIO].contains(await second.refusal()))
        #expect([EROFS, EIO].contains(await first.refusal()))
        for (side, names) in [(first, ["a", "b"]), (second, ["x", "y"])] {
            for name in ["common"] + names { #expect(side.read(name) == "\(name)\n") }
        }
        #expect(first.read("x") == nil && second.read("a") == nil)
        #expect(other.errors.contains("keep one copy of the store"))
        #expect(running.errors.contains("keep one copy of the store"))
        _ = other.end()
        _ = running.end()
    }
}
