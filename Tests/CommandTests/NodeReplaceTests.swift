import Foundation
import TestSupport
import Testing

/// `hyperfs node --replace`: another program in the place of the node, and nobody the worse for it.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeReplaceTests {
    private var hasFuse: Bool {
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        return hasFuse
    }

    private func account() throws -> Command {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        #expect(try command.run("create", "--name", "notes").status == 0)
        for folder in ["one", "two", "shared", "attached"] {
            try FileManager.default.createDirectory(
                atPath: command.home(folder), withIntermediateDirectories: true)
        }
        return command
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    /// Looks until it is so; each look is a command of its own, and takes its time.
    private func status(
        _ command: Command, until isSo: (JSON) -> Bool
    ) throws -> JSON {
        while true {
            if let status = try command.run("status", "--json").json.first, isSo(status) {
                return status
            }
        }
    }

    @Test func mountsAndSharesGoOnInTheNextProgram() async throws {
        guard hasFuse else { return }
        let command = try account()
        let (one, two) = (command.home("one"), command.home("two"))
        #expect(try command.run("mount", "notes", one, "--listen", "127.0.0.1:0").status == 0)
        let shared = try command.run("share", command.home("shared"), "--detach", "--json")
        #expect(shared.status == 0, "\(shared.errors)")
        let attached = try RunningCommand(command, ["share", command.home("attached"), "--json"])
        let key = try #require(await attached.event("ready"), "\(attached.errors)")["key"].string
        let mount = try RunningCommand(command, ["mount", "notes", two, "--foreground", "--json"])
        _ = try #require(await mount.event("mounted"), "\(mount.errors)")
        try "kept".write(toFile: one + "/file", atomically: false, encoding: .utf8)
        let before = try status(command) { _ in true }

        let replaced = try command.run("node", "--replace", "--json")
        #expect(replaced.status == 0, "\(replaced.errors)")
        let outcome = try #require(replaced.json.first)
        #expect(outcome["event"].string == "replaced")
        #expect(outcome["mounts"].int == 1)
        #expect(outcome["failures"].array.isEmpty)
        print("replaced; the mounts were away for \(outcome["milliseconds"].int) ms")
        #expect(try text(one + "/file") == "kept")

        // Who was attached has asked again.
        let after = try status(command) {
            $0["mounts"].array.count == 2 && $0["shares"].array.count == 2
        }
        #expect(after["mounts"].array.map { $0["mountpoint"].string } == [one, two])
        #expect(after["shares"].array.contains { $0["key"].string == key })
        #expect(after["node"]["pid"].int == before["node"]["pid"].int)
        #expect(after["node"]["instance"].string != before["node"]["instance"].string)
        #expect(after["node"]["network"] == before["node"]["network"])
        #expect(try text(two + "/file") == "kept")
        #expect(attached.end() == 0)
        #expect(mount.end() == 0)
        #expect(try command.run("unmount", one).status == 0)
        #expect(try command.run("unshare", command.home("shared")).status == 0)
    }

    /// A node that is a command in the foreground becomes the same command of the other program:
    /// its number stays, which is what a service's manager looks at.
    @Test func aForegroundNodeStaysTheSameProcess() async throws {
        guard hasFuse else { return }
        let command = try account()
        let (one, two) = (command.home("one"), command.home("two"))
        let node = try RunningCommand(command, ["node", "--offline", "--json"])
        _ = try #require(await node.event("ready"), "\(node.errors)")
        #expect(try command.run("mount", "notes", one, "--offline").status == 0)
        #expect(try command.run("node", "--replace").status == 0)
        _ = try #require(await node.event("ready"), "\(node.errors)")
        #expect(try status(command) { _ in true }["node"]["pid"].int == Int(node.identifier))
        try "kept".write(toFile: one + "/file", atomically: false, encoding: .utf8)
        #expect(node.end(SIGTERM) == 0)

        let mount = try RunningCommand(
            command, ["mount", "notes", two, "--offline", "--json", "--foreground"])
        _ = try #require(await mount.event("mounted"), "\(mount.errors)")
        #expect(try command.run("mount", "notes", one, "--offline").status == 0)
        #expect(try command.run("node", "--replace").status == 0)
        _ = try #require(await mount.event("mounted"), "\(mount.errors)")
        #expect(try text(one + "/file") + text(two + "/file") == "keptkept")
        #expect(mount.end(SIGINT) == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: two).isEmpty)
    }

    @Test func whereNoNodeRunsThereIsNothingToReplace() throws {
        let command = try account()
        let result = try command.run("node", "--replace")
        #expect(result.status == 3)
        #expect(try command.run("node", "--replace", "--stop").status == 64)
    }

    /// The next version cannot be built for a test, but what an older one answers can be said.
    @Test func aNodeOfAnotherVersionIsSaidAndItsReplacementOffered() throws {
        let command = try account()
        let old = try PretendedNode(
            command,
            answers: [
                "GET /v1/node": #"{"version":"0.0.1","pid":1,"idle":false,"network":{}}"#
            ])
        defer { old.end() }
        let running = try command.run("mount", "notes", command.home("one"))
        #expect(running.errors.contains("version 0.0.1"), "\(running.errors)")
        #expect(running.errors.contains("hyperfs node --replace"), "\(running.errors)")
        let replaced = try command.run("node", "--replace")
        #expect(replaced.status == 1)
        #expect(replaced.errors.contains("hyperfs node --stop"), "\(replaced.errors)")
    }
}
