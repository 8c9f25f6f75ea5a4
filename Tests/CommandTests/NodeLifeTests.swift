import Foundation
import TestSupport
import Testing

/// The node behind the commands: it comes when it is needed, does everything for its store, and
/// goes when there is nothing left to do.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeLifeTests {
    private var hasFuse: Bool {
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        return hasFuse
    }

    /// An account with a drive called `notes`, no network, and empty folders.
    private func account(_ folders: String...) throws -> Command {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        command.environment["HYPERFS_LOG"] = "debug"
        #expect(try command.run("create", "--name", "notes").status == 0)
        for folder in folders {
            try FileManager.default.createDirectory(
                atPath: command.home(folder), withIntermediateDirectories: true)
        }
        return command
    }

    private func nodeIdentifier(_ command: Command) throws -> Int32 {
        Int32(try command.run("status", "--json").json.first?["node"]["pid"].int ?? 0)
    }

    private func awaitEnd(_ command: Command) async throws {
        while try command.run("status").status != 3 { try await Task.sleep(for: .milliseconds(50)) }
    }

    @Test func aMountComesBackAndTheNodeStaysForAsLongAsItIsMounted() async throws {
        guard hasFuse else { return }
        let command = try account("one", "two")
        let (one, two) = (command.home("one"), command.home("two"))
        let mounted = try command.run("mount", "notes", one, "--json", "--offline")
        #expect(mounted.status == 0, "\(mounted.errors)")
        #expect(mounted.json.map { $0["event"].string } == ["mounted"])
        #expect(mounted.json[0]["mountpoint"].string == one)
        try "hello".write(toFile: one + "/file", atomically: false, encoding: .utf8)
        // The same drive once more, and other commands of the same store beside it.
        #expect(try command.run("mount", "notes", two, "--offline").status == 0)
        #expect(try String(contentsOfFile: two + "/file", encoding: .utf8) == "hello")
        #expect(try command.run("create", "--name", "other").status == 0)
        #expect(try command.run("cat", "notes/file").text == "hello")
        let status = try #require(try command.run("status", "--json").json.first)
        #expect(status["mounts"].array.map { $0["mountpoint"].string } == [one, two])
        #expect(status["node"]["network"]["offline"].bool)
        #expect(try command.run("mount", "notes", one).status == 4)
        #expect(try command.run("unmount", one).status == 0)
        #expect(try command.run("unmount", one).status == 3)
        #expect(try command.run("status").status == 0)
        // Anybody may unmount; the node notices, and has nothing left.
        let umount = Process()
        umount.executableURL = URL(fileURLWithPath: "/bin/umount")
        umount.arguments = [two]
        try umount.run()
        umount.waitUntilExit()
        try await awaitEnd(command)
        let log = try String(
            contentsOfFile: command.home("state/hyperfs/node.log"), encoding: .utf8)
        #expect(log.contains("ended"))
    }

    @Test func fiftyCommandsAtOnceHaveOneNode() async throws {
        guard hasFuse else { return }
        let command = try account()
        let results = try await withThrowingTaskGroup(of: (Int32, String).self) { group in
            for number in 0..<50 {
                let path = command.home("m\(number)")
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
                let process = command.prepare(["mount", "notes", path, "--offline"])
                let errors = Pipe()
                process.standardError = errors
                process.standardOutput = FileHandle.nullDevice
                try process.run()
                let running = Running(process, errors)
                group.addTask { await onThread { running.end() } }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (status, errors) in results { #expect(status == 0, "\(errors)") }
        let status = try #require(try command.run("status", "--json").json.first)
        #expect(status["mounts"].array.count == 50)
        #expect(try command.run("node", "--stop").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: command.home("m7")).isEmpty)
    }

    /// `@unchecked Sendable`: handed to the thread that waits, used by nobody else.
    private final class Running: @unchecked Sendable {
        private let process: Process
        private let errors: Pipe

        init(_ process: Process, _ errors: Pipe) {
            self.process = process
            self.errors = errors
        }

        func end() -> (Int32, String) {
            let text = String(
                decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
    }

    @Test func aKilledNodeIsReplacedAndItsMountsAreClearedAway() async throws {
        guard hasFuse else { return }
        let command = try account("one", "two")
        let (one, two) = (command.home("one"), command.home("two"))
        #expect(try command.run("mount", "notes", one, "--offline").status == 0)
        let attached = try RunningCommand(
            command, ["mount", "notes", two, "--offline", "--json", "--foreground"])
        _ = try #require(await attached.event("mounted"), "\(attached.errors)")
        kill(try nodeIdentifier(command), SIGKILL)
        #expect(attached.wait() == 1)
        #expect(attached.errors.isEmpty)
        // Dead: neither folder answers.
        #expect(throws: (any Error).self) {
            try FileManager.default.contentsOfDirectory(atPath: one)
        }
        let status = try command.run("status")
        #expect(status.status == 3)
        #expect(status.errors.contains("left mounted: \(one), \(two)"), "\(status.errors)")
        let again = try command.run("mount", "notes", one, "--offline")
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("\(one) was left mounted"), "\(again.errors)")
        #expect(again.errors.contains("\(two) was left mounted"), "\(again.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: two).isEmpty)
        #expect(try command.run("unmount", one).status == 0)
    }

    @Test func signalsEndANodeInGoodOrder() async throws {
        guard hasFuse else { return }
        let command = try account("one")
        let one = command.home("one")
        let node = try RunningCommand(command, ["node", "--offline", "--json"])
        _ = try #require(await node.event("ready"), "\(node.errors)")
        #expect(try nodeIdentifier(command) == node.identifier)
        #expect(try command.run("mount", "notes", one, "--offline").status == 0)
        kill(node.identifier, SIGUSR1)
        kill(node.identifier, SIGHUP)
        while !node.errors.contains("state:") { try await Task.sleep(for: .milliseconds(10)) }
        #expect(node.errors.contains(one))
        try "kept".write(toFile: one + "/file", atomically: false, encoding: .utf8)
        #expect(node.end(SIGTERM) == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: one).isEmpty)
        #expect(try command.run("cat", "notes/file").text == "kept")
    }
}
