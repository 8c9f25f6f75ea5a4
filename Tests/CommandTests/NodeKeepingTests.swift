import Foundation
import TestSupport
import Testing

/// What is left to the node: shares, seeds, pins. It goes on without a command, ends when it is
/// told to, and is taken up again after any end.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeKeepingTests {
    private static let text = "found\n"

    /// An account with a shared folder `folder`, left to its node, which listens on the loopback.
    private func sharer() throws -> (command: Command, key: String, address: String) {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        command.environment["HYPERFS_LISTEN"] = "127.0.0.1:0"
        let folder = command.home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.text.write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        let result = try command.run("share", "folder", "--detach", "--json", "--name", "mine")
        #expect(result.status == 0, "\(result.errors)")
        let ready = try #require(result.json.last)
        #expect(ready["event"].string == "ready")
        return (command, ready["key"].string, ready["listen"].array[0].string)
    }

    private func status(_ command: Command, until isSo: (JSON) -> Bool) throws -> JSON {
        while true {
            if let status = try command.run("status", "--json").json.first, isSo(status) {
                return status
            }
        }
    }

    private func killNode(_ command: Command) throws {
        let node = try status(command) { _ in true }["node"]
        #expect(kill(Int32(node["pid"].int), SIGKILL) == 0)
        // Each look is a command of its own.
        while try command.run("status").status != 3 {}
    }

    @Test func aShareThatRunsSaysWhichOptionsComeTooLate() throws {
        let (command, _, _) = try sharer()
        let again = ["share", "folder", "--detach"]
        let options = ["--once", "--ignore", "rules", "--in-place"]
        let same = try command.run(again + ["--ignore", ".hyperfsignore", "--no-in-place"])
        #expect(same.status == 0)
        #expect(!same.errors.contains("no effect"), "\(same.errors)")
        let late = try command.run(again + options)
        #expect(late.status == 0)
        #expect(
            late.errors.contains("no effect until that share ends: --once, --ignore, --in-place"),
            "\(late.errors)")
        #expect(try command.run("unshare", "folder").status == 0)
        let fresh = try command.run(again + options)
        #expect(fresh.status == 0)
        #expect(!fresh.errors.contains("no effect"), "\(fresh.errors)")
        #expect(try command.run("unshare", "folder").status == 0)
    }

    @Test func aNodeThatIsConnectedIsAskedByWhoNamesNoPeer() throws {
        let (sharing, key, address) = try sharer()
        var reader = try Command()
        reader.environment["HYPERFS_NO_DISCOVERY"] = "1"
        let wanted = ["\(key)/file"]
        for verb in [["cat"] + wanted, ["get"] + wanted + ["here"], ["get", key, "here"]] {
            let told = try reader.run(verb)
            #expect(told.status == 2)
            #expect(told.errors.contains("no peer is known"), "\(told.errors)")
            // It is not switched off: nobody is named.
            #expect(!told.errors.contains("offline"), "\(told.errors)")
            let offline = try reader.run(verb + ["--offline"])
            #expect(offline.status == 2)
            #expect(offline.errors.contains("the network is off"), "\(offline.errors)")
            #expect(offline.errors.contains("run without --offline"), "\(offline.errors)")
        }
        // Keeps the node, and with it the connection.
        #expect(try reader.run("create", "--name", "own").status == 0)
        #expect(try reader.run("seed", "own").status == 0)
        #expect(try reader.run("ls", key, "--peer", address).status == 0)
        #expect(try reader.run(["cat"] + wanted).text == Self.text)
        #expect(try reader.run("get", key, "copy").status == 0)
        #expect(try String(contentsOfFile: reader.home("copy/file"), encoding: .utf8) == Self.text)
        #expect(try sharing.run("unshare", "folder").status == 0)
    }

    @Test func aDetachedShareGoesOnUntilItIsUnshared() throws {
        let (command, key, address) = try sharer()
        let reader = try Command()
        let cat = ["cat", key + "/file", "--no-discovery", "--peer", address]
        #expect(try reader.run(cat).text == Self.text)
        // The same folder, the same share, the same key.
        let again = try command.run("share", "folder", "--detach", "--json")
        #expect(again.json.first?["key"].string == key)
        let share = try #require(try status(command) { _ in true }["shares"].array.first)
        #expect(share["key"].string == key)
        #expect(share["detached"].bool)
        // The folder is followed without a command.
        try "more\n".write(
            toFile: command.home("folder/more"), atomically: false, encoding: .utf8)
        while try command.run("cat", "mine/more").text != "more\n" {}
        #expect(try command.run("unshare", "folder").status == 0)
        #expect(try command.run("unshare", "folder").status == 3)
        // By its name, and where no node runs any more.
        #expect(try command.run("share", "folder", "--detach").status == 0)
        #expect(try command.run("node", "--stop").status == 0)
        #expect(try command.run("unshare", "mine").status == 0)
        #expect(try command.run("unshare", "nothing").status == 3)
    }

    @Test func sharesSeedsAndPinsAreTakenUpAfterAnyEnd() throws {
        let (command, key, address) = try sharer()
        var reader = try Command()
        reader.environment["HYPERFS_NO_DISCOVERY"] = "1"
        let seed = try reader.run("seed", key, "--peer", address, "--json")
        #expect(seed.status == 0, "\(seed.errors)")
        #expect(seed.json.first?["event"].string == "seeding")
        _ = try status(reader) { $0["seeds"].array.first?["complete"].bool == true }
        let pin = try reader.run("pin", key + "/file", "--peer", address, "--json")
        #expect(pin.status == 0, "\(pin.errors)")
        // What a node has fetched is on the disk within seconds: others see it there.
        while try reader.run("cat", key + "/file", "--offline").text != Self.text {}

        for account in [command, reader] { try killNode(account) }
        // The next command that needs a node finds everything as it was.
        for account in [command, reader] {
            let other = String(repeating: "ab", count: 32)
            #expect(try account.run("seed", other).status == 0)
            #expect(try account.run("unseed", other).status == 0)
        }
        let shares = try status(command) { !$0["shares"].array.isEmpty }["shares"].array
        #expect(shares.map { $0["key"].string } == [key])
        let seeds = try status(reader) { !$0["seeds"].array.isEmpty }["seeds"].array
        #expect(seeds.map { $0["key"].string } == [key])
        #expect(seeds[0]["complete"].bool)
        #expect(try reader.run("pin", "--json").json.map { $0["key"].string } == [key])
        // Pinned stays when it is to go.
        let evicted = try reader.run("evict", key, "--json")
        #expect(evicted.json.last?["pinned"].int ?? 0 > 0, "\(evicted.text)\(evicted.errors)")
        #expect(try reader.run("cat", key + "/file", "--offline").text == Self.text)
        #expect(try reader.run("unseed", key).status == 0)
        #expect(try reader.run("unseed", key).status == 3)
    }

    /// Fetched from the owner by a node that is running, mount and all, the key is used there.
    @Test func aWriteKeyIsImportedIntoANodeThatRuns() throws {
        var owner = try Command()
        owner.environment["HYPERFS_NO_DISCOVERY"] = "1"
        owner.environment["HYPERFS_LISTEN"] = "127.0.0.1:0"
        let key = try owner.run("create", "--name", "notes").lines[0]
        try Self.text.write(toFile: owner.home("f"), atomically: false, encoding: .utf8)
        #expect(try owner.run("put", "f", "notes/").status == 0)
        #expect(try owner.run("key", "export", "notes", "-o", owner.home("k")).status == 0)
        #expect(try owner.run("seed", "notes").status == 0)
        let node = try status(owner) { !$0["node"]["listen"].array.isEmpty }["node"]
        let address = node["listen"].array[0].string

        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        #expect(try command.run("seed", key, "--peer", address).status == 0)
        _ = try status(command) { $0["seeds"].array.first?["complete"].bool == true }
        #expect(try command.run("mkdir", key + "/x").status == 8)
        let result = try command.run(
            "key", "import", owner.home("k"), "--peer", address, "--json")
        #expect(result.status == 0, "\(result.text)\(result.errors)")
        #expect(result.json.last?["event"].string == "imported")
        #expect(result.json.last?["name"].string == "notes")
        // One writer at a time.
        #expect(try owner.run("node", "--stop").status == 0)
        let made = try command.run("mkdir", "notes/x")
        #expect(made.status == 0, "\(made.errors)")
        #expect(try command.run("ls", "notes").lines == ["f", "x"])
        #expect(try status(command) { _ in true }["seeds"].array.count == 1)
    }
}
