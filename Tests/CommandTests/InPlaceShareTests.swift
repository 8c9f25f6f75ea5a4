import Foundation
import TestSupport
import Testing

/// `share --in-place` as its users see it: no second copy, and what readers get meanwhile.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct InPlaceShareTests {
    private let command: Command
    private let folder: String
    private let film: Data

    init() throws {
        command = try Command()
        folder = command.home("folder")
        try FileManager.default.createDirectory(
            atPath: folder + "/sub", withIntermediateDirectories: true)
        film = Data((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
        try film.write(to: URL(fileURLWithPath: folder + "/film"))
        try "note\n".write(toFile: folder + "/sub/note", atomically: false, encoding: .utf8)
    }

    /// What the store takes of the disk.
    private var storeBytes: Int {
        var sum = 0
        for name in FileManager.default.enumerator(atPath: command.home("store")) ?? .init() {
            var status = stat()
            if let name = name as? String, lstat(command.home("store/" + name), &status) == 0 {
                sum += Int(status.st_blocks) * 512
            }
        }
        return sum
    }

    private func share(_ options: String...) async throws -> (RunningCommand, JSON, JSON) {
        let running = try RunningCommand(
            command,
            ["share", folder, "--foreground", "--listen", "127.0.0.1:0", "--json"] + options)
        let key = try #require(await running.event("key"), "\(running.errors)")
        return (running, key, try #require(await running.event("ready"), "\(running.errors)"))
    }

    private func get(_ key: String, _ path: String, _ ready: JSON) throws -> Command.Result {
        let address = try #require(ready["listen"].array.first?.string)
        return try Command().run(
            "cat", key + path, "--peer", address, "--no-discovery", "--timeout", "2")
    }

    /// Whether it says in the end that a path has changed.
    private func isTold(_ running: RunningCommand, of path: String) async -> Bool {
        while let event = await running.event("changed") {
            if event["paths"].array.contains(where: { $0.string == path }) { return true }
        }
        return false
    }

    @Test func theFolderServesItsOwnBytes() async throws {
        let (running, event, ready) = try await share("--in-place")
        let key = event["key"].string
        #expect(storeBytes < 1 << 20)
        #expect(try get(key, "/film", ready).output == [UInt8](film))
        let status = try command.run("status", "--json")
        #expect(status.json.first?["shares"].array.first?["inPlace"].bool == true)
        #expect(try command.run("status").text.contains("in place"))

        // A rename moves no bytes, and a change in the middle is a new version.
        try FileManager.default.moveItem(atPath: folder + "/film", toPath: folder + "/sub/film")
        try #require(await isTold(running, of: "/sub/film"), "\(running.errors)")
        #expect(try get(key, "/sub/film", ready).output == [UInt8](film))
        let before = try #require(
            try command.run("info", key, "--json").json.first?["version"].int)
        let handle = try #require(FileHandle(forUpdatingAtPath: folder + "/sub/film"))
        try handle.seek(toOffset: 2_000_000)
        try handle.write(contentsOf: Data("changed".utf8))
        try handle.close()
        try #require(await isTold(running, of: "/sub/film"), "\(running.errors)")
        var changed = film
        changed.replaceSubrange(2_000_000..<2_000_007, with: Data("changed".utf8))
        #expect(try get(key, "/sub/film", ready).output == [UInt8](changed))
        // Nobody has the old bytes any more, and that is what is said.
        let old = try get("hyper://\(key)+\(before)", "/sub/film", ready)
        #expect(old.status == 2, "\(old.errors)")
        #expect(storeBytes < 1 << 20)
        #expect(running.end() == 0)

        // It stays so without the option, until it is told otherwise.
        let (again, _, here) = try await share()
        #expect(storeBytes < 1 << 20)
        #expect(try get(key, "/sub/film", here).output == [UInt8](changed))
        #expect(again.end() == 0)
        let (copying, _, _) = try await share("--no-in-place")
        #expect(storeBytes > 4_000_000)
        #expect(copying.end() == 0)
        try FileManager.default.removeItem(atPath: folder)
        let kept = try command.run("cat", key + "/sub/film", "--offline")
        #expect(kept.output == [UInt8](changed))
    }

    /// Killed anywhere in an import, in a change over, or back: what is there verifies, and the
    /// next import makes the drive the folder.
    @Test func itIsWholeAfterEveryKill() throws {
        var random = SeededRandom.announced()
        let large = Data(random.bytes(24 << 20))
        try large.write(to: URL(fileURLWithPath: folder + "/large"))
        for round in 0..<6 {
            let isInPlace = Bool.random(using: &random)
            let mode = isInPlace ? "--in-place" : "--no-in-place"
            let name = folder + "/film\(round)"
            try Data(random.bytes(3 << 20)).write(to: URL(fileURLWithPath: name))
            let handle = try #require(FileHandle(forUpdatingAtPath: folder + "/large"))
            try handle.seek(toOffset: random.next() % (24 << 20))
            try handle.write(contentsOf: Data([UInt8(round)]))
            try handle.close()
            var victim = command
            let seconds = Double(random.next() % 900) / 1000
            victim.wrapper = ["/usr/bin/timeout", "-s", "KILL", "\(0.05 + seconds)"]
            _ = try victim.run("share", folder, "--once", "--offline", "--foreground", mode)
            guard round % 2 == 1 else { continue }
            let settled = try command.run("share", folder, "--once", "--offline", mode)
            #expect(settled.status == 0, "\(settled.errors)")
            let key = try #require(settled.lines.first)
            let verified = try command.run("verify", key, "--offline")
            #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                guard let bytes = FileManager.default.contents(atPath: folder + "/" + name) else {
                    continue
                }
                let got = try command.run("cat", key + "/" + name, "--offline")
                #expect(got.output == [UInt8](bytes), "\(name): \(got.errors)")
            }
        }
    }

    @Test func whatChangesUnderneathIsNeverServedWrong() async throws {
        let (running, event, ready) = try await share("--in-place", "--once")
        let key = event["key"].string
        var changed = film
        changed[3_000_000] ^= 1
        // Size and time as they were: nobody notices but who hashes.
        let path = folder + "/film"
        let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try changed.write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: try #require(date)], ofItemAtPath: path)
        let verified = try command.run("verify", key)
        #expect(verified.status == 7, "\(verified.text)\(verified.errors)")
        let got = try get(key, "/film", ready)
        #expect(got.status == 2, "\(got.errors)")
        #expect(film.starts(with: got.output))
        #expect(running.end() == 0)
        // Whoever looks again finds out.
        let (again, _, here) = try await share("--once")
        #expect(try get(key, "/film", here).output == [UInt8](changed))
        #expect(again.end() == 0)
    }
}
