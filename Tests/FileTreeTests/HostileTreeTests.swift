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

    /// A folder of so many entries that nobody holds all others up for its list.
    private func longTree(_ limit: Int) throws -> (Tree, Log, Rig) {
        let rig = try Rig()
        try rig.drive.apply(
            (0..<20_000).map { .put(path: "/d/\($0)", stat: Stat.file(mtime: 1)) })
        let log = Log()
        var configuration = Tree.Configuration()
        configuration.listedEntriesMax = limit
        configuration.warn = { log.add($0) }
        // Making a list is no wait for peers.
        configuration.timeoutWithoutPeers = .milliseconds(1)
        return (rig.ownTree(configuration), log, rig)
    }

    @Test func aLongFolderIsListedBetweenOtherAnswersAndOnceForAll() async throws {
        let (tree, log, _) = try longTree(20_000)
        let node = try await tree.find("/d").node
        let isAtOnce = askNow { tree.lookup(parent: node, name: "19999", reply: $0) } != nil
        #expect(isAtOnce)
        async let second = ask { tree.openDirectory(inode: node, reply: $0) }
        let first = try await ask { tree.openDirectory(inode: node, reply: $0) }.get()
        let handles = [first.handle, try await second.get().handle]
        // As long as somebody has it open it is there at once.
        let third = try #require(askNow { tree.openDirectory(inode: node, reply: $0) }).get()
        for handle in handles + [third.handle] {
            var names: [String] = []
            try tree.readDirectory(
                handle: handle, from: 0, withAttributes: false,
                take: { _, entry in
                    names.append(entry.name)
                    return true
                }, finish: {})
            #expect(names.count == 20_002)
            #expect(names.dropFirst(2).elementsEqual(names.dropFirst(2).sorted()))
            tree.closeDirectory(handle: handle)
        }
        // And then it takes no memory.
        var isKept = true
        let pending = tree.openDirectory(inode: node) { _ in }
        isKept = pending == nil
        #expect(!isKept)
        tree.close()
        #expect(log.lines.isEmpty)
    }

    @Test func aFolderWithoutEndIsGoneThroughOnce() async throws {
        let (tree, log, rig) = try longTree(10_000)
        let node = try await tree.find("/d").node
        for round in 0..<3 {
            let open = { (reply: @escaping Tree.Reply<Opened>) -> Pending? in
                tree.openDirectory(inode: node, reply: reply)
            }
            let result = round == 0 ? await ask(open) : try #require(askNow(open))
            guard case .failure(let error) = result else {
                Issue.record("it was listed")
                continue
            }
            #expect(error.errno == EIO)
            #expect(error.message.contains("more than 10000 entries"))
            tree.report(error)
            #expect(try await tree.find("/d/\(round)").mode & S_IFMT == S_IFREG)
        }
        #expect(log.lines.count == 1)
        // What is little enough by now is listed.
        let changes = Changes(of: tree)
        try rig.drive.apply((0..<15_000).map { .delete(path: "/d/\($0)") })
        await changes.next(.listing(node))
        #expect(try await tree.names("/d").count == 5000)
        tree.close()
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
