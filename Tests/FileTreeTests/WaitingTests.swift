import FileTree
import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport
import Testing

/// Blocks that come late, wrong, or never.
@Suite(.timeLimit(.minutes(1)))
struct WaitingTests {
    @Test func aColdTreeIsFetchedAsItIsLookedAt() async throws {
        let rig = try Rig()
        let bytes = pattern(300_000)
        try rig.write("/docs/big", bytes)
        try rig.write("/docs/small", "s")
        let tree = try rig.foreignTree()
        #expect(try await tree.names("/docs") == ["big", "small"])
        #expect(try rig.contentDemands().isEmpty, "a list needs no content")
        #expect(try await tree.contents("/docs/big") == bytes)
        #expect(try await tree.text("/docs/small") == "s")
        // A wait is struck off just behind its answer; the suite's limit bounds this.
        while tree.waitingCount > 0 { await Task.yield() }
    }

    @Test func rootAndStateAnswerWhileNothingIsKnown() async throws {
        let rig = try Rig()
        rig.peer.become(.silent)
        let tree = try rig.foreignTree()
        let root = try #require(askNow { tree.attributes(inode: tree.root, reply: $0) }).get()
        #expect(root.mode == 0o040755)
        #expect(tree.version == 0)
        #expect(try await tree.attribute("/", "user.hyperfs.key") == rig.drive.key.hex)
        #expect(try await tree.text("/.hyperfs/status.json") == "{}\n")
    }

    @Test func aBlockThatNeverComesIsETIMEDOUTAndNeverENOENT() async throws {
        let rig = try Rig()
        try rig.write("/f", pattern(1000))
        let tree = try rig.foreignTree(timeout: .milliseconds(100))
        rig.peer.become(.silent)
        #expect(
            await ask { tree.lookup(parent: 1, name: "f", reply: $0) }.errno == ETIMEDOUT)
        #expect(await ask { tree.openDirectory(inode: 1, reply: $0) }.errno == ETIMEDOUT)
        rig.peer.become(.prompt)
        let handle = try await tree.openFile("/f")
        for mood in [MemoryPeer.Mood.silent, .absent] {
            rig.peer.become(mood)
            #expect(
                await ask { tree.prepareRead(handle: handle, offset: 0, count: 10, reply: $0) }
                    .errno == ETIMEDOUT)
        }
        #expect(rig.peer.waitingCount == 0, "what nobody waits for is withdrawn")
        rig.peer.become(.prompt)
        #expect(try await tree.read(handle, 0, 1000) == pattern(1000))
    }

    @Test func withoutPeersTheWaitIsTheShortOne() async throws {
        let rig = try Rig()
        try rig.write("/f", "x")
        rig.peer.become(.absent)
        var configuration = Tree.Configuration()
        // The long one would run into the suite's limit.
        configuration.timeout = .seconds(600)
        configuration.timeoutWithoutPeers = .milliseconds(50)
        let tree = Tree(drive: try rig.foreignDrive(), configuration: configuration)
        #expect(
            await ask { tree.lookup(parent: 1, name: "f", reply: $0) }.errno == ETIMEDOUT)
    }

    @Test func whatDoesNotVerifyIsEIO() async throws {
        let rig = try Rig()
        try rig.write("/f", pattern(1000))
        let tree = try rig.foreignTree()
        let handle = try await tree.openFile("/f")
        rig.peer.become(.lying)
        #expect(
            await ask { tree.prepareRead(handle: handle, offset: 0, count: 1, reply: $0) }.errno
                == EIO)
        let other = try rig.foreignTree()
        #expect(await ask { other.lookup(parent: 1, name: "none", reply: $0) }.errno != nil)
    }

    @Test func offlineIsEIOAndNeverENOENT() async throws {
        let rig = try Rig()
        try rig.write("/f", pattern(100_000))
        let tree = try rig.foreignTree()
        let handle = try await tree.openFile("/f")
        #expect(try await tree.read(handle, 0, 1).count == 1)
        tree.drive.metadata.network = nil
        try tree.drive.content().network = nil
        #expect(
            await ask { tree.prepareRead(handle: handle, offset: 99_000, count: 1, reply: $0) }
                .errno == EIO)
        let cold = try Drive(
            store: rig.reader, key: try Drive.create(in: rig.writer, name: "other").key)
        cold.metadata.network = nil
        let other = Tree(drive: cold)
        #expect(await ask { other.lookup(parent: 1, name: "f", reply: $0) }.errno == EIO)
    }

    @Test func anInterruptedOperationAnswersEINTRBeforeCancelReturns() async throws {
        let rig = try Rig()
        try rig.write("/f", pattern(1000))
        let tree = try rig.foreignTree()
        let handle = try await tree.openFile("/f")
        // Who was answered is struck off a moment later.
        while tree.waitingCount > 0 { await Task.yield() }
        rig.peer.become(.holding)
        let read = Box<Result<Void, PosixError>>()
        let pending = tree.prepareRead(handle: handle, offset: 0, count: 9) { read.put($0) }
        #expect(read.value == nil)
        #expect(tree.waitingCount == 1)
        pending?.cancel()
        #expect(read.value?.errno == EINTR)
        pending?.cancel()
        rig.peer.deliver()
        #expect(tree.waitingCount == 0)
        #expect(rig.peer.waitingCount == 0)

        let cold = try rig.foreignTree()
        let name = Box<Result<Attributes, PosixError>>()
        let lookup = cold.lookup(parent: 1, name: "unknown", reply: { name.put($0) })
        if let lookup {
            lookup.cancel()
            #expect(name.value?.errno == EINTR)
        } else {
            #expect(name.value?.errno == ENOENT, "it was known after all")
        }
    }

    @Test func theEndOfTheTreeEndsEveryWait() async throws {
        let rig = try Rig()
        rig.peer.become(.silent)
        let tree = try rig.foreignTree()
        let results = (0..<10).map { _ in Box<Result<Attributes, PosixError>>() }
        for (index, box) in results.enumerated() {
            tree.lookup(parent: 1, name: "n\(index)") { box.put($0) }
        }
        #expect(tree.waitingCount == 10)
        tree.close()
        #expect(results.allSatisfy { $0.value?.errno == EINTR })
        #expect(await ask { tree.lookup(parent: 1, name: "x", reply: $0) }.errno == EIO)
    }

    @Test func aStuckDriveIsRefusedAtItsLimitWhileAnotherAnswers() async throws {
        let rig = try Rig()
        rig.peer.become(.silent)
        let tree = try rig.foreignTree()
        defer { tree.close() }
        var refused: Result<Attributes, PosixError>?
        for index in 0..<2000 where refused == nil {
            refused = askNow { tree.lookup(parent: 1, name: "n\(index)", reply: $0) }
        }
        #expect(refused?.errno == EAGAIN)
        #expect(try await tree.text("/.hyperfs/peers.json") == "[]\n")
    }

    @Test func aOneByteReadFetchesOneBlock() async throws {
        let rig = try Rig()
        let bytes = pattern(64 * 1024 * 20 + 17)
        try rig.write("/f", bytes)
        let tree = try rig.foreignTree(readAhead: 8 << 20)
        let handle = try await tree.openFile("/f")
        for offset in [700_000, 64 * 1024 * 20 + 16, 300_000] {
            #expect(try await tree.read(handle, UInt64(offset), 1) == [bytes[offset]])
        }
        #expect(try tree.drive.content().localBlocks(in: 0..<100) == 3)
        #expect(try await tree.attribute("/f", "user.hyperfs.cached") == "\(2 * 65536 + 17)")
        let shown = try await tree.find("/f")
        #expect(shown.blocks512 < shown.size / 512 && shown.blocks512 > 0)
        #expect(shown.validSeconds < 10, "its count of local blocks moves")
    }

    @Test func unevenBlocksAreFoundAsWell() async throws {
        let rig = try Rig()
        var random = SeededRandom.announced()
        let feed = try rig.drive.content()
        try feed.append([pattern(333)])
        let blocks = (0..<60).map { pattern(Int.random(in: 1...900, using: &random), seed: $0) }
        let first = try feed.append(blocks)
        let bytes = blocks.flatMap { $0 }
        var stat = Stat.file(mtime: Rig.time)
        stat.size = UInt64(bytes.count)
        stat.blocks = 60
        stat.offset = first
        stat.byteOffset = 333
        try rig.drive.apply([.put(path: "/f", stat: stat)])
        try feed.append([pattern(500)])
        let tree = try rig.foreignTree()
        let handle = try await tree.openFile("/f")
        for _ in 0..<40 {
            let offset = Int.random(in: 0..<bytes.count, using: &random)
            let count = Int.random(in: 1...5000, using: &random)
            let expected = Array(bytes[offset..<min(bytes.count, offset + count)])
            #expect(try await tree.read(handle, UInt64(offset), count) == expected)
        }
        #expect(try await tree.contents("/f") == bytes)
    }

    @Test func anEntryThatLiesAboutItsBytesIsEIO() async throws {
        let rig = try Rig()
        let feed = try rig.drive.content()
        let first = try feed.append([pattern(1000), pattern(1000, seed: 2), pattern(1000, seed: 3)])
        func put(_ path: String, _ change: (inout Stat) -> Void) throws {
            var stat = Stat.file(mtime: Rig.time)
            (stat.size, stat.blocks, stat.offset, stat.byteOffset) = (2000, 2, first, 0)
            change(&stat)
            try rig.drive.apply([.put(path: path, stat: stat)])
        }
        try put("/honest") { _ in }
        try put("/shifted") { $0.byteOffset = 500 }
        try put("/long") { $0.size = 3000 }
        try put("/huge") { $0.size = 1 << 50 }
        try put("/short") { $0.size = 100 }
        try put("/nothing") { $0.blocks = 0 }
        for tree in [rig.ownTree(), try rig.foreignTree()] {
            #expect(try await tree.contents("/honest").count == 2000)
            for path in ["/shifted", "/long", "/huge", "/short", "/nothing"] {
                await #expect(throws: PosixError.self, "\(path)") {
                    let handle = try await tree.openFile(path)
                    // Begin and end: what can be told from what is here is told.
                    _ = try await tree.read(handle, 0, 100)
                    _ = try await tree.read(handle, 99, 4000)
                }
            }
        }
    }
}
