import Foundation
import TestSupport
import Testing

/// Somebody else's drive nested in one's own, with nothing of it here: copied out of, restored,
/// read, at a mount and by commands.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ForeignNestedTests {
    private static let files = [
        "d/small": Data("small\n".utf8), "d/e/big": SharingSide.bytes(700_000, 1),
        "top": SharingSide.bytes(70_000, 2),
    ]

    private func withNotes(
        _ body: (Command, SharingSide) async throws -> Void
    ) async throws {
        let theirs = try await SharingSide(Self.files)
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        #expect(try command.run("link", "notes/friend", theirs.key).status == 0)
        try await body(command, theirs)
        theirs.end()
    }

    @Test func commandsFetchWhatTheyCopy() async throws {
        try await withNotes { command, theirs in
            let copied = try command.run(["cp", "-r", "notes/friend/d", "notes/copy"] + theirs.way)
            #expect(copied.status == 0, "\(copied.errors)")
            let top = try command.run(["cp", "notes/friend/top", "notes/top"] + theirs.way)
            #expect(top.status == 0, "\(top.errors)")
            theirs.end()
            // It is ours now, and here.
            for (from, to) in [
                ("d/small", "copy/small"), ("d/e/big", "copy/e/big"), ("top", "top"),
            ] {
                let read = try command.run(["cat", "notes/" + to, "--offline"])
                #expect(Data(read.output) == Self.files[from], "\(to): \(read.errors)")
            }
            let nothing = try command.run(
                "cp", "-r", "notes/friend/none", "notes/x", "--offline", "--json")
            #expect(nothing.status != 0)
        }
    }

    @Test func whatIsRestoredLeadsToItsBlocks() async throws {
        try await withNotes { command, theirs in
            let info = try command.run("info", "notes", "--json", "--offline")
            let version = try #require(info.json.first?["version"].int)
            #expect(try command.run("unlink", "notes/friend").status == 0)
            #expect(try command.run("ls", "notes", "--offline").lines.isEmpty)
            let restored = try command.run("restore", "notes", "--version", "\(version)")
            #expect(restored.status == 0, "\(restored.errors)")
            let read = try command.run(["cat", "notes/friend/d/e/big"] + theirs.way)
            #expect(Data(read.output) == Self.files["d/e/big"], "\(read.errors)")
            let old = try command.run(
                ["cat", "notes+\(version)/friend/top"] + theirs.way)
            #expect(Data(old.output) == Self.files["top"], "\(old.errors)")
        }
    }

    @Test func programsCopyOutOfItAtAMount() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        try await withNotes { command, theirs in
            let point = command.home("mnt")
            let files = FileManager.default
            try files.createDirectory(atPath: point, withIntermediateDirectories: true)
            let running = try RunningCommand(
                command, ["mount", "notes", point, "--foreground", "--json"] + theirs.way)
            _ = try #require(await running.event("mounted"), "\(running.errors)")
            let script = """
                set -e; cd \(point); export LC_ALL=C
                cp -r friend/d mine; cp --reflink=auto friend/top top; cmp friend/top top
                diff -r friend/d mine; ls -A
                mv friend/top stolen 2>&1 | sed 's/.*: //'
                echo x 2>&1 > friend/new || true
                rm stolen; ls
                """
            let result = await onThread { Self.shell(script) }
            #expect(
                result.contains("friend\nmine\ntop\n") && result.contains("Read-only file system"),
                "\(result)")
            // By a command, while it is mounted.
            let copied = try command.run("cp", "-r", "notes/friend/d/e", "notes/again")
            #expect(copied.status == 0, "\(copied.errors)")
            #expect(files.contents(atPath: point + "/again/big") == Self.files["d/e/big"])
            // The nested drive has a place of its own on the disk of the store; `df` works there.
            #expect(
                Self.shell("df \(point)/friend > /dev/null && stat -f \(point)/friend").contains(
                    "fuse"))
            #expect(running.end() == 0)
        }
    }

    private static func shell(_ script: String) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        guard (try? process.run()) != nil else { return "no sh" }
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
