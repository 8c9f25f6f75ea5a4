import FileTree
import Glibc
import Hypercore
import Hyperdrive
import Hypertrie
import Synchronization
import TestSupport
import Testing

/// Drives whose writers mean harm, seen through a tree: an error or nothing, one line in the log,
/// and everything else as usual.
@Suite(.timeLimit(.minutes(1)))
struct HostileTreeTests {
    private final class Log: Sendable {
        private let state = Mutex<[String]>([])
        var lines: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    /// A foreign tree of a drive into whose trie anything was put.
    private func tree(_ prepare: (Rig, Trie) throws -> Void) throws -> (Tree, Log, Rig) {
        let rig = try Rig()
        try rig.write("/good", "good")
        try prepare(rig, Trie(feed: rig.drive.metadata))
        let log = Log()
        var configuration = Tree.Configuration()
        configuration.timeout = .seconds(600)
        configuration.timeoutWithoutPeers = .seconds(600)
        configuration.warn = { log.add($0) }
        return (Tree(drive: try rig.foreignDrive(), configuration: configuration), log, rig)
    }

    private func lookup(_ name: String, in tree: Tree) async -> Int32? {
        let result = await ask { tree.lookup(parent: tree.root, name: name, reply: $0) }
        if case .failure(let error) = result { tree.report(error) }
        return result.errno
    }

    @Test func namesThatCannotBeShownAreLeftOutAndLoggedOnce() async throws {
        let (tree, log, _) = try tree { rig, trie in
            let stat = try #require(try rig.drive.entry("/good")).stat.encoded()
            let long = String(repeating: "n", count: 300)
            for name in ["..", ".", "a\0b", long, "d/..", "d/x"] { try trie.put(name, stat) }
        }
        for _ in 0..<3 {
            #expect(try await tree.names("/") == ["d", "good"])
            #expect(try await tree.names("/d") == ["x"])
        }
        #expect(try await tree.text("/d/x") == "good")
        let long = String(repeating: "n", count: 300)
        #expect(await lookup(long, in: tree) == ENAMETOOLONG)
        #expect(await lookup("a\0b", in: tree) == EINVAL)
        #expect(log.lines.count == 2)
    }

    @Test func descriptionsThatMakeNoSenseAreErrorsLoggedOnce() async throws {
        let huge: UInt64 = (1 << 53) - 1
        let (tree, log, _) = try tree { rig, trie in
            var stat = try #require(try rig.drive.entry("/good")).stat
            stat.size = huge
            try trie.put("huge", stat.encoded())
            stat.size = .max
            try trie.put("enormous", stat.encoded())
            stat.size = UInt64(bitPattern: -1)
            stat.mtime = .max
            try trie.put("negative", stat.encoded())
            try trie.put("nonsense", [0xff, 0xff])
        }
        for _ in 0..<3 {
            #expect(try await tree.names("/") == ["good"])
            for name in ["huge", "enormous", "negative", "nonsense"] {
                #expect(await lookup(name, in: tree) == EIO, "\(name)")
            }
        }
        // One for each that a list leaves out, one for each that was asked for.
        #expect(log.lines.count <= 8 && log.lines.count >= 4)
        #expect(Set(log.lines).count == log.lines.count)
    }

    @Test func bytesBeyondTheFeedAreAnErrorAndNoHang() async throws {
        let (tree, log, _) = try tree { rig, trie in
            var stat = try #require(try rig.drive.entry("/good")).stat
            stat.byteOffset = 1 << 40
            try trie.put("far", stat.encoded())
            stat.byteOffset = 0
            stat.blocks = 0
            stat.size = 0
            try trie.put("empty", stat.encoded())
            stat.blocks = 1
            stat.size = 8 << 20
            try trie.put("long", stat.encoded())
        }
        for name in ["/far", "/long"] {
            do {
                _ = try await tree.contents(name)
                Issue.record("\(name) was read")
            } catch let error as PosixError {
                #expect(error.errno == EIO)
                tree.report(error)
                tree.report(error)
            }
        }
        #expect(try await tree.contents("/empty") == [])
        #expect(try await tree.text("/good") == "good")
        #expect(log.lines.count == 2)
    }

    @Test func bitsThatGiveRightsAreNotShown() async throws {
        let (tree, _, _) = try tree { rig, trie in
            var stat = try #require(try rig.drive.entry("/good")).stat
            stat.mode = 0o106777
            try trie.put("root-shell", stat.encoded())
            stat.mode = 0o020666
            try trie.put("device", stat.encoded())
            try trie.put("folder", Stat(mode: 0o046777).encoded())
        }
        #expect(try await tree.find("/root-shell").mode == 0o100777)
        #expect(try await tree.find("/folder").mode == 0o040777)
        #expect(try await tree.find("/device").mode == 0o100000)
        #expect(try await tree.contents("/device") == [])
    }

    @Test func aFolderOfTooManyEntriesIsNotListedButItsFilesAreThere() throws {
        let rig = try Rig()
        try rig.drive.apply((0..<50).map { .put(path: "/d/\($0)", stat: Stat.file(mtime: 1)) })
        #expect(try rig.drive.list("/d", atMost: 50).count == 50)
        let error = #expect(throws: DriveError.self) { try rig.drive.list("/d", atMost: 49) }
        #expect(error?.errno == EIO)
        #expect(error?.message.contains("more than 49 entries") == true)
        #expect(try rig.drive.entry("/d/7") != nil)
    }

    @Test func drivesInEachOtherEndInALoopAndNothingHangs() async throws {
        let (tree, log, _) = try tree { rig, _ in
            let other = try Drive.create(in: rig.writer, name: "other")
            let stat = Stat.directory(mtime: 1)
            try other.apply([.mount(path: "/back", key: rig.drive.key, version: nil, stat: stat)])
            try rig.drive.apply([
                .mount(path: "/other", key: other.key, version: nil, stat: stat),
                .mount(path: "/self", key: rig.drive.key, version: nil, stat: stat),
            ])
        }
        for _ in 0..<3 {
            #expect(try await tree.names("/") == ["good", "other", "self"])
            #expect(try await tree.names("/other") == ["back"])
            #expect(await lookup("self", in: tree) == ELOOP)
            let node = try await tree.find("/other").node
            let back = await ask { tree.lookup(parent: node, name: "back", reply: $0) }
            #expect(back.errno == ELOOP)
        }
        #expect(log.lines.count == 1)
    }
}
