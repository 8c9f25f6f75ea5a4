import Foundation
import TestSupport
import Testing

/// `hyperfs mount --network`: any drive by its key.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct NetworkMountTests {
    @Test func everyKeyIsAFolder() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let command = try Command()
        let point = command.home("all")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let key = try #require(try command.run("create", "--name", "notes").lines.first)
        let running = try RunningCommand(
            command, ["mount", "--network", point, "--offline", "--json", "--foreground"])
        let event = try #require(await running.event("mounted"), "\(running.errors)")
        #expect(event["network"].bool)
        let files = FileManager.default
        #expect(try files.contentsOfDirectory(atPath: point).isEmpty)
        #expect(files.createFile(atPath: "\(point)/\(key)/a", contents: Data("hello".utf8)))
        #expect(files.contents(atPath: "\(point)/\(key)/a") == Data("hello".utf8))
        #expect(try files.contentsOfDirectory(atPath: point) == [key])
        #expect(!files.fileExists(atPath: point + "/notes"))
        #expect(!files.fileExists(atPath: point + "/" + String(repeating: "0123", count: 16)))
        #expect(!files.createFile(atPath: point + "/a", contents: nil))
        #expect(running.end() == 0)
        #expect(try command.run("cat", "notes/a", "--offline").text == "hello")
    }

    @Test func aDriveAndTheWholeNetworkAreTwoThings() throws {
        let command = try Command()
        #expect(try command.run("mount", "--network", "notes", "/mnt", "--offline").status == 64)
        #expect(try command.run("mount", "/mnt", "--offline").status == 64)
    }
}
