import Foundation
import TestSupport
import Testing

/// What is logged, and what never is.
@Suite(.timeLimit(.minutes(1)))
struct LogTests {
    @Test(arguments: ["text", "json"])
    func nodesLogInBothFormsAndNeverAKey(format: String) async throws {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        command.environment["HYPERFS_LOG"] = "trace"
        command.environment["HYPERFS_LOG_FORMAT"] = format
        let folder = command.home("folder")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try "hello".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        let shared = try command.run("share", folder, "--detach", "--json")
        #expect(shared.status == 0, "\(shared.errors)")
        let key = try #require(shared.json.first?["key"].stringOrNil)
        let ready = try #require(shared.json.first { $0["event"].string == "ready" })
        let address = try #require(ready["listen"].array.first?.string)

        var reader = try Command()
        reader.environment = command.environment
        let read = try reader.run("cat", key + "/file", "--peer", address, "-vv")
        #expect(read.text == "hello", "\(read.errors)")
        #expect(try command.run("unshare", folder).status == 0)

        let lines = command.nodeLog.split(separator: "\n").map(String.init)
        #expect(lines.count >= 2)
        for line in lines + read.errors.split(separator: "\n").map(String.init) {
            #expect(line.firstMatch(of: /[0-9a-z]{52}/) == nil, "\(line)")
            guard format == "json" else { continue }
            let object = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8))
            #expect(object?["level"].stringOrNil != nil, "\(line)")
            #expect(object?["message"].stringOrNil != nil, "\(line)")
            #expect(object?["time"].stringOrNil?.hasSuffix("Z") == true, "\(line)")
        }
    }

    /// Who looks at a drive sees with `-v` what the node does for it.
    @Test func readersTellOfConnectionsAndWaits() async throws {
        let theirs = try await SharingSide(["file": Data("hello".utf8)])
        let command = try Command()
        let verbs = [
            ["cat", "/file"], ["stat", "/file"], ["ls", ""], ["log", ""], ["info", ""],
        ]
        for words in verbs {
            let reader = try Command()
            let typed = [words[0], theirs.key + words[1]] + theirs.way
            let some = try reader.run(typed + ["-v"])
            #expect(some.status == 0, "\(words): \(some.errors)")
            #expect(some.errors.contains("fetches what is not here"), "\(words): \(some.errors)")
            #expect(some.errors.contains("connected by TCP"), "\(words): \(some.errors)")
            #expect(!some.errors.contains("is asked for"), "\(words): \(some.errors)")
        }
        let all = try command.run(["cat", theirs.key + "/file"] + theirs.way + ["-vv"])
        #expect(all.text == "hello")
        #expect(all.errors.contains("the node is asked for the newest version"), "\(all.errors)")
        #expect(all.errors.firstMatch(of: /the node has block.* after \d+ ms/) != nil)
        let quiet = try command.run(["cat", theirs.key + "/file"] + theirs.way)
        #expect(quiet.errors == "")
        // Of a copy the node does everything.
        let copier = try Command()
        let copy = try copier.run(["get", theirs.key, "copy"] + theirs.way + ["-v"])
        #expect(copy.errors.contains("connected by TCP"), "\(copy.errors)")
        // Nobody answers: it says that it waits, and for whom.
        theirs.end()
        let lost = try Command().run(
            ["ls", theirs.key, "-v", "--timeout", "3"] + theirs.way)
        #expect(lost.status == 2, "\(lost.errors)")
        #expect(lost.errors.contains("0 peers connected"), "\(lost.errors)")
    }

    @Test func anUnknownFormatIsRefusedWithThoseThatAre() throws {
        let result = try Command().run("drives", "--log-format", "xml")
        #expect(result.status == 64)
        #expect(result.errors.contains("json"))
    }
}
