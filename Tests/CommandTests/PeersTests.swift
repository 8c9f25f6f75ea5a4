import Foundation
import TestSupport
import Testing

/// `hyperfs peers`, and the socket it asks.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct PeersTests {
    private let options = ["--listen", "127.0.0.1:0", "--no-discovery"]

    private func share(_ command: Command) async throws -> (RunningCommand, JSON) {
        let folder = command.home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "found\n".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        let running = try RunningCommand(
            command, ["share", folder, "--foreground", "--json"] + options)
        return (running, try #require(await running.event("ready"), "\(running.errors)"))
    }

    @Test func withNothingRunningItSaysSo() throws {
        let command = try Command()
        let result = try command.run("peers")
        #expect(result.status == 3)
        #expect(result.errors.contains("no node runs on the store"), "\(result.errors)")
    }

    @Test func whoIsConnectedIsTold() async throws {
        let sharer = try Command()
        let (running, ready) = try await share(sharer)
        #expect(try sharer.run("peers").errors.contains("nobody is connected"))
        let address = ready["listen"].array[0].string
        let key = ready["key"].string
        let other = try Command()
        let (second, _) = try await share(other)
        // One that stays: a second node that names the first.
        let reader = try Command()
        let waiting = try RunningCommand(
            reader,
            ["share", other.home("folder"), "--json", "--store", reader.home("third")] + options
                + ["--peer", address])
        _ = try #require(await waiting.event("ready"), "\(waiting.errors)")
        var peers: [JSON] = []
        while peers.isEmpty { peers = try sharer.run("peers", "--json").json }
        #expect(peers.count == 1)
        #expect(peers[0]["transport"].string == "tcp")
        #expect(peers[0]["origin"].string == "incoming")
        // It has connected, but has no business with this drive.
        #expect(try sharer.run("peers", key, "--json").json.isEmpty)
        let table = try sharer.run("peers")
        #expect(table.lines.count == 2 && table.lines[0].hasPrefix("peer"), "\(table.text)")
        #expect(table.lines[1].contains("tcp, incoming"))
        #expect(waiting.end() == 0)
        #expect(second.end() == 0)
        #expect(running.end() == 0)
        // The node has no reason to stay, and takes its socket with it.
        while try sharer.run("peers").status != 3 { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// What is left of a killed process neither answers nor stands in the way.
    @Test func aDeadSocketIsNobody() async throws {
        let sharer = try Command()
        let options = ["share", sharer.home("folder"), "--json", "--foreground"] + options
        let (first, _) = try await share(sharer)
        #expect(first.end() == 0)
        let running = try RunningCommand(sharer, options)
        _ = try #require(await running.event("ready"), "\(running.errors)")
        #expect(running.end(SIGKILL) == 128 + SIGKILL)
        #expect(try sharer.run("peers").status == 3)
        let (again, _) = try await share(sharer)
        #expect(try sharer.run("peers").status == 0)
        #expect(again.end() == 0)
    }

    @Test func onlyTheOwnerMayAsk() async throws {
        let sharer = try Command()
        let (running, _) = try await share(sharer)
        let folder = sharer.home("hyperfs")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        // The socket, and the lock of those who have started a node.
        #expect(names.contains { $0.hasSuffix(".sock") } && names.count <= 2, "\(names)")
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(folder) == 0o700)
        for name in names { #expect(try mode(folder + "/" + name) == 0o600, "\(name)") }
        #expect(running.end() == 0)
    }
}
