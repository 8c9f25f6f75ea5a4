import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)), .serialized)
struct DoctorTests {
    private func findings(_ result: Command.Result) -> [String: JSON] {
        Dictionary(uniqueKeysWithValues: result.json.map { ($0["check"].string, $0) })
    }

    /// Two entry nodes: enough to learn how the world sees us.
    @Test func aNetworkInOrderIsFoundInOrder() async throws {
        let entry = try Command()
        var nodes: [RunningCommand] = []
        var arguments: [String] = []
        for number in 0..<2 {
            let node = try RunningCommand(
                entry,
                ["bootstrap", "--listen", "127.0.0.1:0", "--json"] + arguments
                    + ["--store", entry.home("node\(number)")])
            let ready = try #require(await node.event("ready"), "\(node.errors)")
            arguments += ["--bootstrap", ready["listen"].array[0].string]
            nodes.append(node)
        }
        let command = try Command()
        let result = try command.run(
            ["doctor", "--json", "--listen", "127.0.0.1:0"] + arguments)
        let found = findings(result)
        #expect(found["store"]?["state"].string == "ok")
        #expect(found["dht"]?["state"].string == "ok", "\(result.text)")
        #expect(found["listen"]?["state"].string == "warning", "only the loopback")
        #expect(found["mainline"]?["state"].string == "skipped")
        #expect(found["lan"]?["state"].string == "ok", "\(result.text)")
        for node in nodes { #expect(node.end(SIGTERM) == 0) }
    }

    @Test func whatIsMissingIsSaidWithAdvice() throws {
        let command = try Command()
        // A port of the loopback where nobody answers.
        let result = try command.run(
            "doctor", "--json", "--listen", "127.0.0.1:0", "--no-mdns", "--bootstrap",
            "127.0.0.1:9")
        #expect(result.status == 1)
        let found = findings(result)
        #expect(found["dht"]?["state"].string == "failed", "\(result.text)")
        #expect(found["dht"]?["hint"].string.contains("--bootstrap") == true)
        #expect(found["lan"]?["state"].string == "skipped")
        #expect(found["nat"]?["state"].string == "skipped")
    }

    @Test func offlineOnlyTheMachineIsLookedAt() throws {
        let command = try Command()
        let result = try command.run("doctor", "--offline", "--json")
        #expect(Set(findings(result).keys) == ["fuse", "store"])
        let text = try command.run("doctor", "--offline")
        #expect(text.lines.contains { $0.hasPrefix("store     ok") }, "\(text.text)")
    }

    @Test func aStoreThatCannotBeOpenedFails() throws {
        let command = try Command()
        let path = command.home("a file")
        try "x".write(toFile: path, atomically: false, encoding: .utf8)
        let result = try command.run("doctor", "--offline", "--json", "--store", path)
        #expect(result.status == 1)
        #expect(findings(result)["store"]?["state"].string == "failed", "\(result.text)")
    }
}
