import Foundation
import HyperCrypto
import Hypercore
import TestSupport
import Testing

@testable import Hypertrie

@Suite(.timeLimit(.minutes(1)))
struct MountTests {
    /// Three drives of the reference: root mounts a and a pinned b, a mounts b.
    private struct Store {
        let json: JSON
        let folder: TemporaryFolder
        var tries: [PublicKey: Trie] = [:]
        var names: [PublicKey: String] = [:]

        init() throws {
            folder = try TemporaryFolder()
            json = try Fixtures.json("hyperdrive/drives/store-mounts.json")
            for name in ["root", "a", "b"] {
                let drive = json["drive \(name)"]
                let key = try #require(PublicKey(hex: drive["key"].string))
                let stored = "hyperdrive/drives/store-mounts/\(drive["metadataStorage"].string)"
                // A copy: opening may write.
                let copy = folder(name)
                try FileManager.default.copyItem(atPath: Fixtures.path(stored), toPath: copy)
                tries[key] = try Trie(feed: Feed(storage: FolderStorage(folder: copy), key: key))
                names[key] = name
            }
        }

        var root: MountedTrie {
            get throws {
                let key = try #require(names.first { $0.value == "root" }).key
                return MountedTrie(try #require(tries[key]), open: opener)
            }
        }

        var opener: MountedTrie.Opener {
            let tries = tries
            return { try #require(tries[$0]) }
        }

        func name(of trie: Trie) -> String { names[trie.feed.key] ?? "" }
    }

    @Test func recordsAreThoseOfTheReference() throws {
        for json in try Fixtures.json("hyperdrive/drives/messages.json")["mountRecords"].array {
            let bytes = try #require([UInt8](hex: json["bytes"].string))
            let record = try MountRecord(decoding: bytes, at: json["localPath"].string)
            #expect(record.key.hex == json["key"].string)
            #expect(record.version == json["version"].uint64OrNil)
            if json["remotePath"].isNull { #expect(try record.encoded() == bytes) }
            #expect(throws: TrieError.self) { try MountRecord(decoding: bytes, at: "elsewhere") }
        }
    }

    @Test func aRecordedStoreLooksLikeItsOwnersView() throws {
        let store = try Store()
        let view = store.json["view"]
        #expect(try paths(store.root.iterate("")) == view["recursive"].array.map(\.string))
        #expect(
            try paths(store.root.iterate("", enterMounts: false))
                == view["recursiveNoMounts"].array.map(\.string))
        for (folder, expected) in view["readdir"].object where folder != "/temp" {
            let place = try store.root.resolve(folder)
            var children = place.trie.children(of: place.inner)
            var names: [String] = []
            while let child = try children.next() { names.append(child.name) }
            #expect(names == expected.array.map(\.string), "\(folder)")
        }
        for (path, file) in view["files"].object {
            let entry = try store.root.entry(path)
            #expect((entry.node == nil) == file["drive"].isNull, "\(path)")
            guard entry.node != nil else { continue }
            #expect(store.name(of: entry.place.trie) == file["drive"].string, "\(path)")
            #expect(entry.place.inner == file["innerPath"].string, "\(path)")
        }
    }

    @Test func mountsOfARecordedStoreAreListed() throws {
        let store = try Store()
        let mounts = try store.root.listMounts(recursive: true)
        let mine = Set(mounts.map { "/\($0.path) \($0.record.key.hex)" })
        let wanted = store.json["mountsRecursive"].array.dropFirst().map {
            "\($0["path"].string) \($0["key"].string)"
        }
        #expect(mine == Set(wanted))
        #expect(try store.root.listMounts().count == 2)
    }

    @Test func differencesOfARecordedStoreTellMountsApart() throws {
        let store = try Store()
        var diff = try store.root.diff(from: 1)
        var mine: [String] = []
        while let entry = try diff.next() { mine.append("\(entry.kind) \(entry.path)") }
        #expect(
            mine
                == store.json["diffFromVersion1"].array.map {
                    "\($0["type"].string) \($0["name"].string)"
                })
    }

    @Test func anOldParentShowsTheLiveMount() throws {
        let store = try Store()
        let live = try store.root
        let old = MountedTrie(live.root.checkout(5), open: live.open)
        let path = "dir/mnt-a/mnt-b/through-root.txt"
        #expect(try old.entry(path).node?.seq == live.entry(path).node?.seq)
        #expect(try old.entry(path).node != nil)
        #expect(try MountedTrie(live.root.checkout(3), open: live.open).entry(path).node == nil)
    }

    @Test func aPinnedMountShowsItsVersionAndIsReadOnly() throws {
        let store = try Store()
        #expect(try store.root.entry("pinned-b/added-later.txt").node == nil)
        let place = try store.root.resolve("pinned-b/new")
        #expect(!place.isLive)
        #expect(throws: TrieError.self) { try place.trie.put(place.inner, [1]) }
    }

    private func family(_ count: Int) throws -> (tries: [Trie], open: MountedTrie.Opener) {
        let tries = try (0..<count).map { _ in try makeTrie() }
        let byKey = Dictionary(uniqueKeysWithValues: tries.map { ($0.feed.key, $0) })
        return (tries, { try #require(byKey[$0]) })
    }

    private func record(_ trie: Trie, _ path: String, version: UInt64? = nil) -> MountRecord {
        MountRecord(key: trie.feed.key, localPath: path, version: version)
    }

    private func paths(_ iterator: MountedIterator) throws -> [String] {
        var iterator = iterator
        var found: [String] = []
        while let item = try iterator.next() { found.append(item.path) }
        return found
    }

    @Test func whatLiesBelowAMountInTheParentIsNeverSeen() throws {
        let (tries, open) = try family(2)
        try tries[0].put("m/below", [1])
        try tries[0].put("m/also/below", [1])
        try tries[1].put("inside", [2])
        try tries[0].batch(.mount(record(tries[1], "m"), value: []))
        try tries[0].put("m/later", [1])
        let mounted = MountedTrie(tries[0], open: open)
        #expect(try Set(paths(mounted.iterate(""))) == ["m", "m/inside"])
        #expect(try mounted.entry("m/below").node == nil)
        #expect(try mounted.entry("m/later").node == nil)
        #expect(try mounted.entry("m/inside").node?.value == [2])
        #expect(try mounted.entry("m").mount?.record.key == tries[1].feed.key)
    }

    @Test func namesAreComparedByComponents() throws {
        let (tries, open) = try family(2)
        try tries[0].batch(.mount(record(tries[1], "m"), value: []))
        try tries[1].put("..x", [1])
        try tries[0].put("mm", [2])
        let mounted = MountedTrie(tries[0], open: open)
        #expect(try mounted.entry("m/..x").node?.value == [1])
        #expect(try mounted.entry("mm").node?.value == [2])
        #expect(throws: TrieError.self) { try mounted.entry("m/../mm") }
        #expect(throws: TrieError.self) { try mounted.entry("./mm") }
        #expect(try mounted.entry("/mm/").node?.value == [2])
    }

    @Test func aRecordWithoutItsFlaggedEntryIsNoMount() throws {
        let (tries, open) = try family(2)
        try tries[1].put("x", [1])
        try tries[0].batch(.mount(record(tries[1], "m"), value: []))
        let mounted = MountedTrie(tries[0], open: open)
        #expect(try mounted.entry("m/x").node != nil)
        try tries[0].delete("m")
        #expect(try mounted.entry("m/x").node == nil)
        #expect(try mounted.listMounts().isEmpty)
        try tries[0].put("m", [3])
        #expect(try mounted.entry("m").mount == nil)
        #expect(try paths(mounted.iterate("")) == ["m"])
    }

    @Test func unmountingLeavesNothing() throws {
        let (tries, open) = try family(2)
        let version = tries[0].version
        try tries[0].batch(.mount(record(tries[1], "a/m"), value: [7]))
        let mounted = MountedTrie(tries[0], open: open)
        var diff = try mounted.diff(from: version)
        #expect(try diff.next()?.kind == .mount)
        let between = tries[0].version
        try tries[0].batch(.unmount("a/m"))
        #expect(try mounted.entry("a/m").node == nil)
        #expect(try tries[0].get("mounts/a/m", hidden: true) == nil)
        diff = try mounted.diff(from: between)
        #expect(try diff.next()?.kind == .unmount)
        #expect(try diff.next() == nil)
    }

    @Test func aMountThatContainsItselfEnds() throws {
        let (tries, open) = try family(2)
        try tries[0].batch(.mount(record(tries[1], "one"), value: []))
        try tries[1].batch(.mount(record(tries[0], "zero"), value: []))
        let mounted = MountedTrie(tries[0], open: open)
        #expect(try paths(mounted.iterate("")) == ["one", "one/zero"])
        #expect(try mounted.listMounts(recursive: true).map(\.path) == ["one", "one/zero"])
        let error = #expect(throws: TrieError.self) { try mounted.resolve("one/zero/one") }
        #expect(error?.code == .mountLoop)
    }

    @Test func nestingIsBounded() throws {
        let (tries, open) = try family(40)
        for index in 0..<39 {
            try tries[index].batch(.mount(record(tries[index + 1], "m"), value: []))
        }
        let mounted = MountedTrie(tries[0], open: open)
        let deep = Array(repeating: "m", count: 32).joined(separator: "/")
        #expect(try mounted.resolve(deep).chain.count == 32)
        let error = #expect(throws: TrieError.self) { try mounted.resolve(deep + "/m") }
        #expect(error?.code == .mountLoop)
        #expect(try paths(mounted.iterate("")).count == 33)
    }

    @Test func pathsAreNormalizedLikeTheReferenceWhenAsked() throws {
        let pairs = [
            ("w\\v", "w/v"), ("C:/foo", "foo"), ("http:x", "x"), ("/http:x", "http:x"),
            ("//a\\\\/b//", "a/b"), ("./a", "a"), ("", ""), ("/", ""), ("a:", ""),
        ]
        for (path, expected) in pairs {
            #expect(MountPath.referenceNormalized(path) == expected, "\(path)")
        }
        #expect(try MountPath.normalized("//a/\u{301}b//") == "a/\u{301}b")
    }
}
