import Foundation
import HyperCrypto
import TestSupport
import Testing

/// Stores written by the reference, read in place: by everything they hold, without a change.
@Suite(.timeLimit(.minutes(2)))
struct FixtureStoreTests {
    private static let drives = Fixtures.path("hyperdrive/drives")

    private func store(_ name: String) -> String { Self.drives + "/" + name }

    private func expected(_ name: String) throws -> JSON {
        try Fixtures.json("hyperdrive/drives/\(name).json")
    }

    /// Every file's path, size, time and content.
    private func snapshot() throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.drives).sorted()
        return try names.map { name in
            let path = Self.drives + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
            let time = attributes[.modificationDate] as? Date ?? .distantPast
            return "\(name) \(time) \(Blake2b.hash32(bytes).hex)"
        }
    }

    @Test func everyCommandLeavesTheStoreAsItIs() throws {
        let command = try Command()
        let key = try expected("store-tree")["key"].string
        let before = try snapshot()
        for arguments in [
            ["ls", "-l", key], ["tree", key], ["cat", key + "/hello.txt"], ["stat", key + "/docs"],
            ["info", key], ["log", key], ["diff", key, "1"], ["drives"],
            ["get", key, command.home("out"), "--no-discovery"],
        ] {
            let result = try command.run(arguments + ["--store", store("store-tree")])
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            #expect(!result.output.isEmpty || arguments[0] == "get")
        }
        #expect(try snapshot() == before)
    }

    @Test(arguments: ["store-tree", "store-clone-full"])
    func foldersHaveTheReferencesNames(name: String) throws {
        let command = try Command()
        let tree = try expected("store-tree")
        for (path, names) in tree["readdir"].object {
            // The reference follows a link that ends the path, and lists nothing for files.
            guard !["/link-dir", "/hello.txt", "/nope"].contains(path) else { continue }
            let result = try command.run(
                "ls", tree["key"].string + path, "--json", "--store", store(name))
            #expect(result.status == 0, "\(path): \(result.errors)")
            let prefix = path == "/" ? "/" : path + "/"
            let paths = result.json.map(\.["path"].string)
            #expect(Set(paths) == Set(names.array.map { prefix + $0.string }))
            #expect(paths == paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test(arguments: ["store-tree", "store-clone-full"])
    func filesHaveTheReferencesDescriptionsAndSizes(name: String) throws {
        let command = try Command()
        let tree = try expected("store-tree")
        let key = tree["key"].string
        let listing = try command.run("tree", key, "--json", "--store", store(name))
        #expect(listing.status == 0, "\(listing.errors)")
        let copied = try command.run(
            "get", key, "out", "--store", store(name), "--json", "--no-discovery")
        #expect(copied.status == 0, "\(copied.text)\(copied.errors)")
        let entries = Dictionary(
            listing.json.map { ($0["path"].string, $0) }, uniquingKeysWith: { first, _ in first })
        var files = 0
        for seq in tree["iterationOrderBySeqPerVersion"]["51"].array {
            let node = tree["nodesBySeq"]["\(seq.int)"]
            let path = "/" + node["path"].string
            let entry = try #require(entries[path], "\(path)")
            let wanted = node["stat"]
            #expect(entry["size"].uint64 == wanted["size"].uint64, "\(path)")
            let mode = String(wanted["mode"].uint64 & 0o7777, radix: 8)
            #expect(entry["mode"].string.drop { $0 == "0" } == mode.drop { $0 == "0" })
            #expect(entry["target"].stringOrNil == wanted["linkname"].stringOrNil)
            guard entry["type"].string == "file" else { continue }
            files += 1
            #expect(entry["cached"].uint64 == wanted["size"].uint64)
            let attributes = try FileManager.default.attributesOfItem(
                atPath: command.home("out") + path)
            #expect(attributes[.size] as? UInt64 == wanted["size"].uint64, "\(path)")
            let time = attributes[.modificationDate] as? Date
            #expect(time?.timeIntervalSince1970 == Double(wanted["mtime"].uint64) / 1000)
        }
        #expect(files > 10)
    }

    @Test func statShowsWhereAFileLies() throws {
        let command = try Command()
        let tree = try expected("store-tree")
        for (seq, path) in [(37, "/hello.txt"), (34, "/docs/renamed.md"), (41, "/bin/data.bin")] {
            let result = try command.run(
                "stat", tree["key"].string + path, "--json", "--store", store("store-tree"))
            let stat = try #require(result.json.first)
            let wanted = tree["nodesBySeq"]["\(seq)"]["stat"]
            #expect(stat["path"].string == path)
            #expect(stat["blocks"].uint64 == wanted["blocks"].uint64)
            #expect(stat["blockOffset"].uint64 == wanted["offset"].uint64)
            #expect(stat["byteOffset"].uint64 == wanted["byteOffset"].uint64)
            #expect(stat["version"].int == 51)
        }
    }

    @Test func nestedDrivesAreWalked() throws {
        let command = try Command()
        let mounts = try expected("store-mounts")
        let key = mounts["drive root"]["key"].string
        let result = try command.run("tree", key, "--json", "--store", store("store-mounts"))
        #expect(result.status == 0, "\(result.errors)")
        let explicit = Set(mounts["view"]["recursive"].array.map { "/" + $0.string })
        #expect(Set(result.json.map(\.["path"].string)).isSuperset(of: explicit))
        let nested = result.json.filter { $0["type"].string == "mount" }
        let wanted = mounts["mountsRecursive"].array.filter { $0["path"].string != "/" }
        #expect(
            Set(nested.map { $0["path"].string + $0["key"].string })
                == Set(wanted.map { $0["path"].string + $0["key"].string }))
        for (path, file) in mounts["view"]["files"].object {
            let content = try command.run("cat", key + path, "--store", store("store-mounts"))
            if file["error"].stringOrNil == "ENOENT" {
                #expect(content.status == 2, "\(path)")
            } else {
                #expect(content.status == 0, "\(path): \(content.errors)")
                #expect(content.output.hex == file["content"].string, "\(path)")
            }
        }
    }

    @Test func anOldVersionIsListedAndRead() throws {
        let command = try Command()
        let big = try expected("store-big")
        let key = big["key"].string
        let old = try command.run("cat", key + "+2/big.bin", "--store", store("store-big"))
        #expect(old.status == 0, "\(old.errors)")
        #expect(old.output.count == big["nodesBySeq"]["1"]["stat"]["size"].int)
        let empty = try command.run("ls", key + "+1", "--store", store("store-big"))
        #expect(empty.status == 0)
        #expect(empty.output.isEmpty)
    }

    @Test func drivesOfBeforeTheHeaderHadASubtypeWork() throws {
        let command = try Command()
        let key = try expected("store-old")["key"].string
        let result = try command.run("info", key, "--json", "--store", store("store-old"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.json.first?["version"].int == 4)
        #expect(
            result.json.first?["contentKey"].string
                == (try expected("store-old")["contentKey"].string))
    }

    @Test func whatASparseCopyReadOnceIsReadAgainAndTheRestIsMissed() throws {
        let command = try Command()
        let sparse = try expected("store-clone-sparse")
        let key = sparse["key"].string
        for path in sparse["filesReadBeforeClose"].array.map(\.string) {
            let result = try command.run(
                "cat", key + path, "--store", store("store-clone-sparse"),
                "--no-discovery")
            #expect(result.status == 0, "\(path): \(result.errors)")
            #expect(!result.output.isEmpty)
        }
        let missing = try command.run(
            "cat", key + "/bin/data.bin", "--store", store("store-clone-sparse"),
            "--no-discovery")
        #expect(missing.status == 2)
        #expect(missing.errors.contains("--peer"))
    }

    @Test func theDrivesOfAStoreAreListed() throws {
        let command = try Command()
        let mounts = try expected("store-mounts")
        let result = try command.run("drives", "--json", "--store", store("store-mounts"))
        let keys = ["root", "a", "b"].map { mounts["drive \($0)"]["key"].string }
        #expect(Set(result.json.map(\.["key"].string)) == Set(keys))
    }

    @Test func theLogTellsWhatEachVersionChanged() throws {
        let command = try Command()
        let tree = try expected("store-tree")
        let key = tree["key"].string
        let log = try command.run("log", key, "--json", "--store", store("store-tree"))
        #expect(log.status == 0)
        let first = try #require(log.json.first)
        #expect(first["version"].int == 2)
        #expect(first["type"].string == "put")
        #expect(first["path"].string == "/hello.txt")
        #expect(first["size"].int == 14)
        #expect(log.json.contains { $0["type"].string == "del" })
    }

    @Test func namesThatCouldForgeATerminalAreOnlyRawInPipes() throws {
        let command = try Command()
        let key = try expected("store-tree")["key"].string
        let result = try command.run("ls", key, "--store", store("store-tree"))
        #expect(result.text.contains("new\nline"))
    }
}
