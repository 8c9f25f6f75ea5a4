import Foundation
import TestSupport
import Testing

/// `pin`, `unpin`, `evict` and `verify` as they are typed.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct KeepCommandTests {
    @Test func aSharedFolderIsPinnedEvictedAndVerified() async throws {
        let owner = try Command()
        let files = FileManager.default
        try files.createDirectory(
            atPath: owner.home("folder/d"), withIntermediateDirectories: true)
        try "hello\n".write(
            toFile: owner.home("folder/d/f"), atomically: false, encoding: .utf8)
        let sharing = try RunningCommand(
            owner,
            [
                "share", owner.home("folder"), "--foreground", "--listen", "127.0.0.1:0",
                "--no-discovery", "--json",
            ])
        let ready = try #require(await sharing.event("ready"), "\(sharing.errors)")
        let key = ready["key"].string
        let address = try #require(ready["listen"].array.first?.string)
        let reader = try Command()
        let network = ["--peer", address, "--no-discovery", "--json"]

        let missing = try reader.run(["pin", key + "/none"] + network)
        #expect(missing.status == 2, "\(missing.text)")
        let pinned = try reader.run(["pin", key + "/d"] + network)
        #expect(pinned.status == 0, "\(pinned.text)")
        #expect(pinned.json.last?["event"].string == "pinned")
        #expect(pinned.json.last?["bytes"].int == 6)
        #expect(try reader.run("pin").text == "hyper://\(key)/d\n")
        #expect(try reader.run("pin", "--json").json.first?["path"].string == "/d")

        let kept = try reader.run("evict", key, "--json")
        #expect(kept.json.last?["event"].string == "evicted")
        #expect(kept.json.last?["bytes"].int == 0)
        #expect(kept.json.last?["pinned"].int == 1)
        #expect(
            try reader.run("unpin", key + "/d", "--json").json.last?["event"].string == "unpinned")
        #expect(try reader.run("unpin", key + "/d").status == 3)
        let verified = try reader.run("verify", key, "--offline", "--json")
        #expect(verified.status == 0)
        #expect(verified.json.last?["bad"].int == 0)
        let freed = try reader.run("evict", key + "/d/f", "--json")
        #expect(freed.json.last?["bytes"].int == 6)
        #expect(try reader.run("evict", key + "/none", "--json").status == 2)
        #expect(try reader.run("verify", key + "/d").status == 64)
        _ = sharing.end()
    }

    @Test func ownDrivesAreVerifiedAndNotEvicted() throws {
        let command = try Command()
        let key = try command.run("create", "--name", "n").lines[0]
        try "text\n".write(toFile: command.home("f"), atomically: false, encoding: .utf8)
        #expect(try command.run("put", "f", "n/").status == 0)
        #expect(try command.run("evict", "n/f").status == 1)
        #expect(try command.run("verify", "n", "--offline").status == 0)
        for name in try FileManager.default.subpathsOfDirectory(atPath: command.home("store"))
        where name.hasSuffix("/data") {
            let path = command.home("store/" + name)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data == Data("text\n".utf8) else { continue }
            try Data("tent\n".utf8).write(to: URL(fileURLWithPath: path))
        }
        let rotten = try command.run("verify", "n", "--offline", "--json")
        #expect(rotten.status == 7)
        #expect(rotten.json.first { $0["event"].string == "verified" }?["lost"].int == 1)
        #expect(rotten.json.last?["code"].string == "corrupt")
        #expect(rotten.json.last?["message"].string.contains("/f") == true)
        #expect(rotten.json.last?["message"].string.contains(key) == true)
        #expect(try command.run("verify", "nobody").status == 2)
    }
}
