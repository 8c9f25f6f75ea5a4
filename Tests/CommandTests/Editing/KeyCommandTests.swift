import Foundation
import TestSupport
import Testing

/// `hyperfs key` as it is typed.
@Suite(.timeLimit(.minutes(2)))
struct KeyCommandTests {
    @Test func keysAreListedExportedAndImported() async throws {
        let owner = try Command()
        let key = try owner.run("create", "--name", "notes").lines[0]
        try "text\n".write(toFile: owner.home("f"), atomically: false, encoding: .utf8)
        #expect(try owner.run("put", "f", "notes/").status == 0)
        let list = try owner.run("key", "list", "--json")
        #expect(list.json.map(\.["key"].string) == [key])
        #expect(list.json.first?["name"].string == "notes")
        #expect(list.json.first?["kind"].string == "derived")
        #expect(try owner.run("key", "list").text == "\(key)  notes  derived\n")

        let file = owner.home("notes.key")
        #expect(try owner.run("key", "export", "notes", "--output", file).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try owner.run("key", "export", "notes", "-o", file).status == 1)
        #expect(try owner.run("key", "export", "notes", "-o", file, "--force").status == 0)
        let text = try owner.run("key", "export", "notes").text
        #expect(try text == String(contentsOfFile: file, encoding: .utf8))

        // Nobody is there: nothing happens.
        let other = try Command()
        let alone = try other.run(
            "key", "import", file, "--no-discovery", "--timeout", "0.5", "--json")
        #expect(alone.status == 2, "\(alone.text)")
        #expect(try other.run("key", "list").output.isEmpty)

        // Who insists begins anew.
        let forced = try other.run("key", "import", file, "--force-empty", "--offline", "--json")
        #expect(forced.status == 0, "\(forced.text)")
        #expect(forced.json.last?["event"].string == "imported")
        #expect(forced.json.last?["name"].string == "notes")
        #expect(try other.run("key", "list", "--json").json.first?["kind"].string == "stored")
        #expect(try other.run("mkdir", "notes/x").status == 0)
        let again = try other.run("key", "import", file, "--offline", "--json")
        #expect(again.status == 0)
        #expect(again.json.last?["wasOwn"].bool == true)
    }

    @Test func whatIsNoKeyFileIsSaidSo() throws {
        let command = try Command()
        #expect(try command.run("key", "import", "nothing").status == 1)
        #expect(try command.run("key", "import", "/dev/zero").status == 64)
        #expect(try command.run("key", "import", "/dev/null").status == 64)
        _ = try command.run("create", "--name", "n")
        let text = try command.run("key", "export", "n").text
        let damaged = text.replacingOccurrences(of: "version 1", with: "version 2")
        try damaged.write(toFile: command.home("k"), atomically: false, encoding: .utf8)
        let result = try command.run("key", "import", "k", "--json")
        #expect(result.status == 7)
        #expect(result.json.last?["code"].string == "corrupt")
        let foreign = String(repeating: "ab", count: 32)
        #expect(try command.run("key", "export", foreign).status == 8)
        #expect(try command.run("key", "export", "nobody").status == 2)
        #expect(try command.run("key", "export", "n/x").status == 64)
        #expect(try command.run("key", "export", "n+1").status == 64)
    }
}
