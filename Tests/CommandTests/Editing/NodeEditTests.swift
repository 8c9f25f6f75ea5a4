import Foundation
import TestSupport
import Testing

/// The commands that change a drive while a node has its store, and the drive is mounted.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeEditTests {
    @Test func whatIsChangedIsAtTheMountAtOnceAndTheOtherWayRound() async throws {
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        guard hasFuse else { return }
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let files = FileManager.default
        let mount = command.home("mount")
        try files.createDirectory(atPath: mount, withIntermediateDirectories: false)
        try files.createDirectory(
            atPath: command.home("src/d"), withIntermediateDirectories: true)
        try "a\n".write(toFile: command.home("src/d/a"), atomically: false, encoding: .utf8)
        let mounting = try RunningCommand(
            command, ["mount", "notes", mount, "--foreground", "--no-discovery", "--json"])
        _ = try #require(await mounting.event("mounted"), "\(mounting.errors)")
        let text = { (name: String) in
            try String(contentsOfFile: mount + "/" + name, encoding: .utf8)
        }
        // What the kernel has seen it remembers: it must hear of each change.
        let names = { try files.contentsOfDirectory(atPath: mount).sorted() }
        #expect(try names().isEmpty)
        for round in 0..<5 {
            #expect(try command.run("put", "src", "notes/in").status == 0)
            #expect(try text("in/d/a") == "a\n")
            // Written at the mount and closed, not synced.
            try "\(round)\n".write(toFile: mount + "/m", atomically: false, encoding: .utf8)
            #expect(try command.run("mv", "notes/m", "notes/in/d/a").status == 0)
            #expect(try text("in/d/a") == "\(round)\n")
            #expect(try names() == ["in"])
            #expect(try command.run("cp", "-r", "notes/in", "notes/copy").status == 0)
            #expect(try text("copy/d/a") == "\(round)\n")
            #expect(try command.run("rm", "-r", "notes/in", "notes/copy").status == 0)
            #expect(try names().isEmpty)
        }
        let refused = try command.run("rm", "notes/none", "--json")
        #expect(refused.status == 2)
        #expect(refused.json.last?["code"].string == "not-found")
        #expect(try command.run("pin", "notes").status == 0)
        #expect(try command.run("unpin", "notes").status == 0)
        #expect(try command.run("unpin", "notes").status == 3)
        #expect(try command.run("evict", "notes").status == 1)
        #expect(try command.run("verify", "notes").status == 0)
        let input = command.prepare(["put", "-", "notes/in.txt", "--json"])
        let pipe = Pipe()
        input.standardInput = pipe
        input.standardOutput = FileHandle.nullDevice
        try input.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data("piped\n".utf8))
        try pipe.fileHandleForWriting.close()
        input.waitUntilExit()
        #expect(input.terminationStatus == 0)
        #expect(try text("in.txt") == "piped\n")
        #expect(mounting.end() == 0)
        #expect(try command.run("cat", "notes/in.txt").text == "piped\n")
    }
}
