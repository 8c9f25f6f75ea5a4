import Foundation
import TestSupport
import Testing

/// `share` on one side, everything that reads on the other, as two people would use them.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct LiveTests {
    /// A shared folder, its command and what the others need to reach it.
    private struct Sharing {
        let command: Command
        let running: RunningCommand
        let key: String
        let address: String
        let folder: String

        init(_ options: String...) async throws {
            command = try Command()
            folder = command.home("folder")
            let files = FileManager.default
            try files.createDirectory(
                atPath: folder + "/sub/deeper", withIntermediateDirectories: true)
            try "hello\n".write(toFile: folder + "/hello.txt", atomically: false, encoding: .utf8)
            try "deep\n".write(
                toFile: folder + "/sub/deeper/file", atomically: false, encoding: .utf8)
            let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
            try bytes.write(to: URL(fileURLWithPath: folder + "/big.bin"))
            try files.createSymbolicLink(
                atPath: folder + "/link", withDestinationPath: "hello.txt")
            running = try RunningCommand(
                command,
                ["share", folder, "--foreground", "--listen", "127.0.0.1:0", "--json"] + options)
            let event = try #require(await running.event("key"), "\(running.errors)")
            key = event["key"].string
            #expect(event["path"].string == (folder as NSString).resolvingSymlinksInPath)
            #expect(event["writable"].bool)
            let ready = try #require(await running.event("ready"), "\(running.errors)")
            #expect(ready["key"].string == key)
            address = try #require(ready["listen"].array.first?.string)
        }

        /// A reader with a store of his own.
        func read(_ reader: Command, _ arguments: String...) throws -> Command.Result {
            try reader.run(arguments + ["--peer", address, "--no-mdns"])
        }
    }

    @Test func aSharedFolderIsReadByItsKey() async throws {
        let sharing = try await Sharing()
        let reader = try Command()
        let list = try sharing.read(reader, "ls", sharing.key, "--json")
        #expect(list.status == 0, "\(list.errors)")
        #expect(list.json.map(\.["path"].string) == ["/big.bin", "/hello.txt", "/link", "/sub"])
        #expect(
            list.json.map(\.["type"].string) == ["file", "file", "symlink", "directory"])
        #expect(list.json[2]["target"].string == "hello.txt")
        #expect(list.json[0]["cached"].int == 0)
        let cat = try sharing.read(reader, "cat", sharing.key + "/hello.txt")
        #expect(cat.text == "hello\n")
        let stat = try sharing.read(reader, "stat", sharing.key + "/hello.txt", "--json")
        #expect(stat.json.first?["cached"].int == 6)
        let info = try sharing.read(reader, "info", sharing.key, "--json")
        #expect(info.json.first?["peers"].int == 1)
        #expect(info.json.first?["writable"].bool == false)

        let get = try sharing.read(reader, "get", sharing.key, "copy", "--json")
        #expect(get.status == 0, "\(get.text)\(get.errors)")
        #expect(get.json.last?["event"].string == "done")
        for name in ["/hello.txt", "/sub/deeper/file", "/big.bin"] {
            let copy = FileManager.default.contents(atPath: reader.home("copy") + name)
            #expect(copy == FileManager.default.contents(atPath: sharing.folder + name))
        }
        let tree = try sharing.read(reader, "tree", sharing.key)
        #expect(tree.text.contains("\u{2514}\u{2500}\u{2500} sub/"))

        // What was fetched stays without a network, and without the other side.
        #expect(sharing.running.end() == 0)
        let offline = try reader.run("cat", sharing.key + "/big.bin", "--offline")
        #expect(offline.output.count == 300_000)
    }

    @Test func theSharingStoreIsLookedAtWhileItShares() async throws {
        let sharing = try await Sharing("--name", "mine")
        let list = try sharing.command.run("ls", "mine")
        #expect(list.lines == ["big.bin", "hello.txt", "link", "sub"])
        let drives = try sharing.command.run("drives", "--json")
        #expect(drives.json.first?["key"].string == sharing.key)
        #expect(drives.json.first?["writable"].bool == true)
        #expect(try sharing.command.run("create").status == 0)
        #expect(sharing.running.end(SIGTERM) == 0)
    }

    @Test func changesAreFollowedAndTheKeyStaysTheSame() async throws {
        let sharing = try await Sharing()
        try "new\n".write(
            toFile: sharing.folder + "/new.txt", atomically: false, encoding: .utf8)
        var changed = try #require(await sharing.running.event("changed"))
        #expect(changed["paths"].array.contains { $0.string.contains("new.txt") })
        try FileManager.default.removeItem(atPath: sharing.folder + "/hello.txt")
        let version = changed["version"].int
        changed = try #require(await sharing.running.event("changed"))
        #expect(changed["version"].int > version)
        let reader = try Command()
        let list = try sharing.read(reader, "ls", sharing.key)
        #expect(list.lines == ["big.bin", "link", "new.txt", "sub"])
        #expect(sharing.running.end() == 0)

        let again = try RunningCommand(
            sharing.command, ["share", sharing.folder, "--once", "--offline", "--json"])
        #expect(await again.event("key")?["key"].string == sharing.key)
        #expect(await again.event("ready")?["version"].int == changed["version"].int)
        #expect(again.wait() == 0)
        let diff = try sharing.command.run("diff", sharing.key, "\(version)")
        #expect(diff.lines.contains("- /hello.txt"))
        #expect(!diff.text.contains("big.bin"))
    }

    @Test func aDriveIsMountedReadAndUnmounted() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let sharing = try await Sharing()
        let reader = try Command()
        let point = reader.home("mnt")
        let files = FileManager.default
        try files.createDirectory(atPath: point, withIntermediateDirectories: true)
        let arguments = [
            "mount", sharing.key, point, "--peer", sharing.address, "--no-mdns", "--json",
            "--foreground",
        ]
        let mounting = try RunningCommand(reader, arguments)
        let event = try #require(await mounting.event("mounted"), "\(mounting.errors)")
        #expect(event["mountpoint"].string == point)
        #expect(event["key"].string == sharing.key)
        #expect(event["writable"].bool == false)
        let names = try files.contentsOfDirectory(atPath: point)
        #expect(names.sorted() == ["big.bin", "hello.txt", "link", "sub"])
        let (ours, theirs) = (point + "/big.bin", sharing.folder + "/big.bin")
        #expect(files.contents(atPath: ours) == files.contents(atPath: theirs))
        #expect(files.contents(atPath: point + "/link") == Data("hello\n".utf8))

        let status = try #require(files.contents(atPath: point + "/.hyperfs/status.json"))
        let shown = try JSONDecoder().decode(JSON.self, from: status)
        #expect(shown["key"].string == sharing.key)
        #expect(shown["bytesReceived"].int > 300_000)
        let peers = try #require(files.contents(atPath: point + "/.hyperfs/peers.json"))
        let list = try JSONDecoder().decode(JSON.self, from: peers)
        #expect(list[0]["address"].string == sharing.address)

        // The same process mounts for others, too; what is mounted already is not taken again.
        let other = reader.home("other")
        try files.createDirectory(atPath: other, withIntermediateDirectories: true)
        #expect(try reader.run("mount", sharing.key, other).status == 0)
        #expect(files.contents(atPath: other + "/big.bin") == files.contents(atPath: theirs))
        #expect(try reader.run("unmount", other).status == 0)
        #expect(try reader.run(arguments).status == 4)

        #expect(try reader.run("unmount", point).status == 0)
        let ended = try #require(await mounting.event("unmounted"))
        #expect(ended["bytesReceived"].int > 300_000)
        #expect(mounting.wait() == 0)
        #expect(try files.contentsOfDirectory(atPath: point).isEmpty)

        // Again, now ended by a signal; everything is here, so that nobody is needed.
        #expect(sharing.running.end() == 0)
        let alone = try RunningCommand(
            reader, ["mount", sharing.key, point, "--offline", "--json", "--foreground"])
        _ = try #require(await alone.event("mounted"), "\(alone.errors)")
        #expect(files.contents(atPath: ours) == files.contents(atPath: theirs))
        #expect(alone.end(SIGTERM) == 0)
        #expect(try files.contentsOfDirectory(atPath: point).isEmpty)
    }

    @Test func aWrongKeyIsNeverMounted() async throws {
        let sharing = try await Sharing()
        let reader = try Command()
        let wrong = String(repeating: "cd", count: 32)
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(
            atPath: point, withIntermediateDirectories: true)
        let result = try reader.run(
            "mount", wrong, point, "--peer", sharing.address, "--no-mdns", "--timeout", "1")
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains(wrong))
        #expect(sharing.running.end() == 0)
    }

    @Test func aSignalEndsWaitingReadersWithItsNumber() async throws {
        let sharing = try await Sharing()
        let reader = try Command()
        let wrong = String(repeating: "cd", count: 32)
        let waiting = try RunningCommand(
            reader, ["ls", wrong, "--peer", sharing.address, "--no-mdns", "--timeout", "60"])
        // Each look is a command of its own, and takes its time.
        while try sharing.command.run("peers", "--json").json.isEmpty {}
        #expect(waiting.end(SIGINT) == 130)
        #expect(sharing.running.end(SIGTERM) == 0)
    }

    @Test func aReaderThatLeavesEndsTheCommandQuietly() throws {
        let command = try Command()
        let store = Fixtures.path("hyperdrive/drives/store-tree")
        let key = try Fixtures.json("hyperdrive/drives/store-tree.json")["key"].string
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [
            "-c",
            "set -o pipefail; '\(Command.binary)' log '\(key)' --store '\(store)' 2>&1 "
                + "| (exec <&-; sleep 0.2); exit ${PIPESTATUS[0]}",
        ]
        let errors = command.home("shell-errors")
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        shell.standardError = FileHandle(forWritingAtPath: errors)
        try shell.run()
        shell.waitUntilExit()
        // Killed by SIGPIPE, as any filter; and not a word about it.
        #expect(shell.terminationStatus == 141)
        #expect(try String(contentsOfFile: errors, encoding: .utf8).isEmpty)
    }
}
