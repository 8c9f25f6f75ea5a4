import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct UsageTests {
    private static let key = String(repeating: "ab", count: 32)

    @Test(arguments: [
        [], ["frob"], ["ls"], ["ls", "a", "b"], ["ls", "--frob", key], ["mount", key], ["cat"],
        ["share"], ["get", key], ["unmount"], ["ls", "no such name"],
        ["ls", String(key.dropLast())], ["ls", "hyper://\(key)x"], ["ls", key + "+x"],
        ["ls", key + "/../x"], ["ls", "--peer", "nowhere", key], ["ls", "--peer", "a:0", key],
        ["ls", "--listen", "1.2.3.4", key], ["ls", "--timeout", "0", key],
        ["ls", "--timeout", "x", key], ["ls", "--offline", "--peer", "a:1", key],
        ["create", "--name", "a/b"], ["create", "--name", key], ["diff", key, "x"],
        ["mount", key, "/nowhere", "-o", "frobnicate"], ["mount", key, "d", "--readahead", "much"],
        ["mount", key, "d", "-o", "timeout=soon"], ["share", "--name", "-", "/"],
    ])
    func wrongUsageIs64AndSaysWhatToDo(arguments: [String]) throws {
        let command = try Command()
        let result = try command.run(arguments)
        // The bare command shows its help instead.
        if arguments.isEmpty {
            #expect(result.text.contains("hyperfs share"))
            return
        }
        #expect(result.status == 64, "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty)
        let lines = result.errors.split(separator: "\n")
        #expect((2...3).contains(lines.count), "\(result.errors)")
        #expect(lines.first?.hasPrefix("hyperfs: ") == true)

        let json = try command.run(arguments + ["--json"])
        #expect(json.status == 64)
        #expect(json.json.last?["event"].string == "error")
        #expect(json.json.last?["code"].string == "usage")
        #expect(json.json.last?["message"].string.isEmpty == false)
        #expect(json.json.last?["hint"].string.isEmpty == false)
        #expect(!FileManager.default.fileExists(atPath: command.home("store")))
    }

    @Test(arguments: [
        ["frob", "--json"], ["--json", "frob"], ["-v", "frob", "--json"],
        ["key", "frob", "--json"], ["frob", "--store", "d", "--json"],
    ])
    func aWrongVerbIsBlamedAndNotTheOptionThatEveryVerbTakes(arguments: [String]) throws {
        let error = try Command().run(arguments).json.last
        #expect(error?["message"].string == "Unexpected argument 'frob'")
    }

    @Test func versionAndHelpGoToStandardOutput() throws {
        let command = try Command()
        let version = try command.run("--version")
        #expect(version.status == 0)
        #expect(version.text.hasPrefix("hyperfs "))
        let help = try command.run("--help")
        #expect(help.status == 0)
        #expect(help.lines.count <= 50)
        for verb in [
            "share", "mount", "unmount", "create", "ls", "tree", "cat", "stat", "get", "info",
            "log", "diff", "drives",
        ] {
            #expect(help.text.contains(verb))
            let own = try command.run("help", verb)
            #expect(own.status == 0)
            #expect(own.text.contains("--store"))
        }
    }

    @Test func globalOptionsMayStandBeforeTheVerb() throws {
        let command = try Command()
        let result = try command.run("--store", command.home("other"), "--json", "create")
        #expect(result.status == 0)
        #expect(result.json.first?["event"].string == "key")
        #expect(FileManager.default.fileExists(atPath: command.home("other/master_key")))
        #expect(!FileManager.default.fileExists(atPath: command.home("store")))
    }
}
