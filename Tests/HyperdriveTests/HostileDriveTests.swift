import Corestore
import HyperCrypto
import Hypercore
import Hypertrie
import TestSupport
import Testing

@testable import Hyperdrive

@Suite(.timeLimit(.minutes(5)))
struct HostileDriveTests {
    let store = Store(memory: SeededRandom(seed: 31))

    /// A drive into whose trie anything can be put.
    private func drive() throws -> (Drive, Trie) {
        let drive = try Drive.create(in: store)
        return (drive, try Trie(feed: drive.metadata))
    }

    private let file = Stat.file(mtime: 7).encoded()

    @Test func namesThatNoFileSystemCanShowAreNotListed() throws {
        let (drive, trie) = try drive()
        let names = [
            ".", "..", "a\u{0}b", String(repeating: "n", count: 256), "dir/..", "dir/./x", "dir//y",
        ]
        for name in names { try trie.put(name, file) }
        try trie.put("dir/good", file)
        try trie.put("good", file)
        #expect(try drive.list("/").map(\.name) == ["dir", "good"])
        #expect(try drive.list("/dir").map(\.name) == ["good"])
        #expect(try drive.everything().map(\.path) == ["/dir", "/dir/good", "/good"])
    }

    @Test func badPathsAreRefusedWithTheRightErrno() throws {
        let (drive, _) = try drive()
        for (path, errno) in [
            ("/..", 22), ("/a/./b", 22), ("/a\u{0}", 22),
            ("/" + String(repeating: "n", count: 256), 36),
            (String(repeating: "/a", count: 129), 36), (String(repeating: "/aaa", count: 1100), 36),
        ] as [(String, Int32)] {
            let error = #expect(throws: DriveError.self) { try drive.entry(path) }
            #expect(error?.errno == errno)
            #expect(throws: DriveError.self) {
                try drive.apply([.put(path: path, stat: Stat.file(mtime: 1))])
            }
        }
        #expect(throws: DriveError.self) { try drive.apply([.delete(path: "/")]) }
        #expect(try drive.entry("//a///b/") == nil)
    }

    @Test func entriesThatMakeNoSenseHideOnlyThemselves() throws {
        let (drive, trie) = try drive()
        try trie.put("bad", [0xff])
        try trie.put("none", nil)
        try trie.put("folder", [0xff])
        try trie.put("folder/good", file)
        try trie.put("good", file)
        #expect(try drive.list("/").map(\.name) == ["folder", "good"])
        #expect(try drive.entry("/folder")?.isImplicit == true)
        #expect(try drive.everything().map(\.path) == ["/folder", "/folder/good", "/good"])
        let error = #expect(throws: DriveError.self) { try drive.entry("/bad") }
        #expect(error?.code == .corrupt)
        #expect(error?.errno == 5)
    }

    @Test func aFileWithSomethingBelowItIsAFolder() throws {
        let (drive, trie) = try drive()
        try trie.put("a", file)
        #expect(try drive.entry("/a")?.stat.kind == .file)
        try trie.put("a/b", file)
        for path in ["/a", "/c"] {
            if path == "/c" {
                // The other order.
                try trie.put("c/b", file)
                try trie.put("c", file)
            }
            #expect(try drive.entry(path)?.stat.kind == .directory)
            #expect(try drive.entry(path)?.isImplicit == true)
            #expect(try drive.list("/").first { $0.path == path }?.stat.kind == .directory)
            #expect(try drive.everything().first { $0.path == path }?.stat.kind == .directory)
            #expect(try drive.list(path).map(\.name) == ["b"])
        }
        try trie.delete("a/b")
        #expect(try drive.entry("/a")?.stat.kind == .file)
    }

    @Test func aDriveInItselfEndsInALoop() throws {
        let (drive, _) = try drive()
        try drive.apply([
            .mount(path: "/self", key: drive.key, version: nil, stat: Stat.directory(mtime: 1)),
            .put(path: "/file", stat: Stat.file(mtime: 1)),
        ])
        #expect(try drive.entry("/self")?.mount?.key == drive.key)
        for read in [
            { try drive.list("/self").count }, { try drive.entry("/self/file") == nil ? 0 : 1 },
        ] {
            let error = #expect(throws: DriveError.self) { try read() }
            #expect(error?.code == .loop)
            #expect(error?.errno == 40)
        }
        #expect(try drive.everything("/", enterMounts: true).map(\.path) == ["/file", "/self"])
    }

    @Test func twoDrivesInEachOtherEndInALoopAlsoFromInside() throws {
        let (a, _) = try drive()
        let (b, _) = try drive()
        let stat = Stat.directory(mtime: 1)
        try a.apply([.mount(path: "/b", key: b.key, version: nil, stat: stat)])
        try b.apply([.mount(path: "/a", key: a.key, version: nil, stat: stat)])
        #expect(try a.list("/b").map(\.name) == ["a"])
        let error = #expect(throws: DriveError.self) { try a.list("/b/a") }
        #expect(error?.code == .loop)
        // Going on from the nested drive does not start over.
        let inside = try #require(try a.list("/b").first)
        let again = #expect(throws: DriveError.self) { try inside.drive.list("/a") }
        #expect(again?.code == .loop)
    }

    @Test func aFeedThatIsNoDriveSaysSo() throws {
        let feed = try store.newFeed()
        try feed.append([Array("hello".utf8)])
        #expect(throws: DriveError.self) { try Drive(store: store, key: feed.key) }
        // A trie without content key, and one whose content is itself.
        for metadata in [nil, Optional(store)] {
            let feed = try store.newFeed()
            _ = try Trie.create(
                feed: feed, metadata: metadata == nil ? nil : feed.key.raw.bytes, subtype: nil)
            let drive = try Drive(store: store, key: feed.key)
            let error = #expect(throws: DriveError.self) { try drive.content() }
            #expect(error?.code == .notDrive)
            #expect(!drive.isWritable)
        }
    }

    @Test func bytesBeyondTheFeedAreNotRead() throws {
        let (drive, _) = try drive()
        try drive.writeFile("/a", [1, 2, 3], mtime: 1)
        var stat = try #require(try drive.entry("/a")).stat
        for (offset, blocks, byte, size) in [
            (0, 1, 2, 3), (0, 1, 1 << 40, 3), (1, 1, 0, 3), (0, 1, 3, 1),
        ] as [(UInt64, UInt64, UInt64, UInt64)] {
            (stat.offset, stat.blocks, stat.byteOffset, stat.size) = (offset, blocks, byte, size)
            #expect(throws: (any Error).self) {
                try drive.content(of: stat).read(at: 0, count: Int(size))
            }
        }
    }

    @Test func rangesEndWhereTheFileEnds() throws {
        let (drive, _) = try drive()
        try drive.writeFile("/a", [1, 2, 3], mtime: 1)
        try drive.writeFile("/b", [4, 5, 6], mtime: 1)
        let content = try drive.content(of: try #require(try drive.entry("/a")).stat)
        #expect(try content.read(at: 1, count: 100) == [2, 3])
        #expect(try content.read(at: 3, count: 1) == [])
        #expect(try content.read(at: 1 << 50, count: 1) == [])
    }

    @Test func aDriveThatIsNotHereYetAsksForIt() throws {
        let drive = try Drive(store: store, key: KeyPair(seed: Bytes32()).publicKey)
        #expect(try drive.entry("/")?.stat.kind == .directory)
        #expect(throws: MissingBlocks.self) { try drive.entry("/a") }
        #expect(throws: MissingBlocks.self) { try drive.list("/") }
        #expect(throws: MissingBlocks.self) { try drive.content() }
        #expect(!drive.isWritable)
    }
}
