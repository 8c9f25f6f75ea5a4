import Corestore
import Foundation
import HyperCrypto
import Hypercore
import Hyperdrive
import Hypertrie
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FixtureTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: FixtureDrives.all)
    func everyVersionListsAsStated(name: String) throws {
        let json = try FixtureDrives.json(name)
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace(name), json)
        #expect(drive.version == json["version"].uint64)
        #expect(try drive.content().key.hex == json["contentKey"].string)
        #expect(try drive.content().length == json["contentLength"].uint64)
        #expect(try drive.content().byteLength == json["contentByteLength"].uint64)
        let nodes = json["nodesBySeq"].object
        var sums: [String: String] = [:]
        for (version, order) in json["iterationOrderBySeqPerVersion"].object {
            let old = try drive.checkout(UInt64(version) ?? 0)
            let expected = order.array.map { nodes[String($0.int)]?["path"].string ?? "?" }
            let entries = try old.everything()
            let explicit = entries.filter { !$0.isImplicit }.map(\.path)
            #expect(Set(explicit) == Set(expected.map { "/" + $0 }), "version \(version)")
            for entry in entries where !entry.isImplicit {
                let node = nodes[String(entry.seq)] ?? .null
                #expect("/" + node["path"].string == entry.path)
                #expect(entry.stat.mtime == node["stat"]["mtime"].uint64)
                #expect(UInt64(entry.stat.mode) == node["stat"]["mode"].uint64)
                #expect(try old.entry(entry.path)?.seq == entry.seq)
                guard let sum = node["sha256"].stringOrNil else { continue }
                let place = "\(entry.stat.byteOffset) \(entry.stat.size)"
                if sums[place] == nil { sums[place] = SHA256.hex(try old.read(entry.path)) }
                #expect(sums[place] == sum, "\(entry.path) at version \(version)")
            }
        }
    }

    @Test func foldersListAsTheReferenceListsThem() throws {
        let json = try FixtureDrives.json("store-tree")
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-tree"), json)
        for (path, names) in json["readdir"].object where path != "/link-dir" {
            let expected = names.array.map(\.string).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            switch path {
            case "/nope":
                let error = #expect(throws: DriveError.self) { try drive.list(path) }
                #expect(error?.code == .notFound)
            case "/hello.txt":
                let error = #expect(throws: DriveError.self) { try drive.list(path) }
                #expect(error?.code == .notDirectory)
            default:
                let entries = try drive.list(path)
                #expect(entries.map(\.name) == expected)
                for entry in entries {
                    let same = try #require(try drive.entry(entry.path))
                    #expect(same.seq == entry.seq && same.stat.mode == entry.stat.mode)
                    #expect(same.isImplicit == entry.isImplicit)
                }
            }
        }
        #expect(try drive.entry("/bin")?.isImplicit == true)
        #expect(try drive.entry("/bin")?.stat.size == 0)
        #expect(try drive.entry("/docs")?.isImplicit == false)
        #expect(try drive.entry("/nope") == nil)
        #expect(try drive.entry("/link-dir")?.stat.kind == .symlink)
    }

    @Test func tagsAreRead() throws {
        let json = try FixtureDrives.json("store-tree")
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-tree"), json)
        let tags = try drive.tags()
        #expect(!tags.isEmpty)
        for (name, version) in tags { #expect(try drive.tag(name) == version) }
    }

    @Test func rangesOfAnOldVersionAreRead() throws {
        let json = try FixtureDrives.json("store-big")
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-big"), json)
        for row in json["rangeReads"].array {
            let old = try drive.checkout(row["version"].uint64)
            let entry = try #require(try old.entry(row["path"].string))
            let bytes = try old.content(of: entry.stat).read(
                at: row["start"].uint64, count: row["length"].int)
            // The reference runs on into the next file; we end where the file ends.
            let isWhole = row["start"].uint64 + row["length"].uint64 <= entry.stat.size
            #expect(UInt64(bytes.count) <= entry.stat.size)
            if isWhole { #expect(SHA256.hex(bytes) == row["sha256"].string) }
        }
    }

    @Test func changesAreThoseOfTheListings() throws {
        let json = try FixtureDrives.json("store-tree")
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-tree"), json)
        for (older, newer) in [(1, 51), (10, 30), (30, 10), (50, 51), (20, 20)]
            as [(UInt64, UInt64)]
        {
            let old = try stats(drive.checkout(older))
            let new = try stats(drive.checkout(newer))
            var expected: [String: Drive.Change.Kind] = [:]
            for (path, stat) in new where old[path] != stat {
                expected[path] = old[path] == nil ? .added : .changed
            }
            for path in old.keys where new[path] == nil { expected[path] = .removed }
            let changes = try drive.changes(from: older, to: newer)
            #expect(
                Dictionary(uniqueKeysWithValues: changes.map { ($0.path, $0.kind) }) == expected)
        }
    }

    private func stats(_ drive: Drive) throws -> [String: Stat] {
        Dictionary(
            uniqueKeysWithValues: try drive.everything().filter { !$0.isImplicit }
                .map { ($0.path, $0.stat) })
    }

    @Test func theLogTellsWhatWasDone() throws {
        let json = try FixtureDrives.json("store-mounts")["drive root"]
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-mounts"), json)
        let told = try drive.log().map { "\($0.version) \($0.type) \($0.path) \($0.size)" }
        #expect(
            told == [
                "2 put /in-root.txt 12", "3 put /dir/plain.txt 5", "5 mount /dir/mnt-a 0",
                "7 mount /pinned-b 0", "9 mount /temp 0", "11 unmount /temp 0",
                "12 put /core.bin 7",
            ])
    }

    @Test func deletesAreInTheLog() throws {
        let json = try FixtureDrives.json("store-tree")
        let drive = try FixtureDrives.drive(FixtureDrives.inPlace("store-tree"), json)
        let told = try drive.log()
        for row in json["log"].array where row["error"].isNull {
            let version = row["versionAfter"].uint64
            guard row["op"][0].string == "unlink", version > 0 else { continue }
            let entry = told.first { $0.version == version }
            #expect(entry?.type == "del" && entry?.path == row["op"][1].string)
        }
    }

    @Test func nestedDrivesAreSeenThroughTheRoot() throws {
        let json = try FixtureDrives.json("store-mounts")
        let store = try FixtureDrives.inPlace("store-mounts")
        let drive = try FixtureDrives.drive(store, json["drive root"])
        let view = json["view"]
        let all = try drive.everything("/", enterMounts: true).filter { !$0.isImplicit }.map(\.path)
        #expect(Set(all) == Set(view["recursive"].array.map { "/" + $0.string }))
        let own = try drive.everything().filter { !$0.isImplicit }.map(\.path)
        #expect(Set(own) == Set(view["recursiveNoMounts"].array.map { "/" + $0.string }))
        for (path, names) in view["readdir"].object where path != "/temp" {
            #expect(Set(try drive.list(path).map(\.name)) == Set(names.array.map(\.string)))
        }
        let keys = Dictionary(
            uniqueKeysWithValues: ["root", "a", "b"].map { ($0, json["drive \($0)"]["key"].string) }
        )
        for (path, file) in view["files"].object {
            guard file["error"].isNull else {
                #expect(try drive.entry(path) == nil)
                continue
            }
            let entry = try #require(try drive.entry(path))
            #expect(entry.drive.key.hex == keys[file["drive"].string])
            #expect(entry.innerPath == "/" + file["innerPath"].string)
            #expect(try drive.read(path).hex == file["content"].string)
        }
    }

    @Test func nestedDrivesTellWhereTheyLead() throws {
        let json = try FixtureDrives.json("store-mounts")
        let store = try FixtureDrives.inPlace("store-mounts")
        let drive = try FixtureDrives.drive(store, json["drive root"])
        let pinned = try #require(try drive.list("/").first { $0.name == "pinned-b" })
        #expect(pinned.mount?.key.hex == json["drive b"]["key"].string)
        #expect(pinned.mount?.version == 3)
        #expect(pinned.drive === drive && pinned.stat.kind == .directory)
        let inside = try #require(try drive.entry("/pinned-b/in-b.txt"))
        #expect(inside.drive.checkoutVersion == 3)
        #expect(!inside.drive.isWritable)
        #expect(try drive.entry("/core.bin")?.mount == nil)
        // An old version of the outer drive shows the inner ones as they are now.
        let old = try drive.checkout(5)
        #expect(try old.entry("/dir/mnt-a/mnt-b/added-later.txt") != nil)
    }

    @Test func aSparseCloneTellsWhatItMisses() throws {
        let json = try FixtureDrives.json("store-clone-sparse")
        let store = try FixtureDrives.inPlace("store-clone-sparse")
        let drive = try FixtureDrives.drive(store, json)
        #expect(!drive.isWritable)
        for path in json["filesReadBeforeClose"].array {
            #expect(try !drive.read(path.string).isEmpty)
        }
        #expect(throws: MissingBlocks.self) { try drive.list("/") }
        #expect(throws: MissingBlocks.self) { try drive.log() }
    }

    @Test func aFullCloneReadsLikeTheOriginal() throws {
        let original = try FixtureDrives.json("store-tree")
        let clone = try FixtureDrives.drive(
            FixtureDrives.inPlace("store-clone-full"), FixtureDrives.json("store-clone-full"))
        let source = try FixtureDrives.drive(FixtureDrives.inPlace("store-tree"), original)
        let paths = try source.everything().map(\.path)
        #expect(try clone.everything().map(\.path) == paths)
        for entry in try clone.everything() where entry.stat.kind == .file {
            #expect(try clone.read(entry.path) == source.read(entry.path))
        }
        #expect(!clone.isWritable)
    }

    @Test(arguments: FixtureDrives.all)
    func anOldDriveIsWrittenOn(name: String) throws {
        let store = try FixtureDrives.copy(name, into: folder)
        let drive = try FixtureDrives.drive(store, FixtureDrives.json(name))
        let before = try drive.everything().map(\.path)
        #expect(drive.isWritable)
        try drive.writeFile("/new.txt", Array("new".utf8), mtime: 5)
        #expect(try drive.read("/new.txt") == Array("new".utf8))
        #expect(try Set(drive.everything().map(\.path)) == Set(before + ["/new.txt"]))
        try store.close()
    }
}
