import Foundation
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// Local copies: kept, dropped and looked at again.
@Suite(.timeLimit(.minutes(2)))
struct KeepingTests {
    /// Somebody's drive of three files of three blocks each, and a reader of it.
    private final class Pair {
        let folder: TemporaryFolder
        let theirs: Engine
        let source: Drive
        let mine: Engine
        let drive: Drive

        init() async throws {
            folder = try TemporaryFolder()
            var serving = TestEngines.configuration(folder("theirs"))
            serving.timeout = .milliseconds(500)
            theirs = try await Engine.start(serving)
            source = try theirs.createDrive(name: "source")
            try source.apply([.put(path: "/d", stat: .directory(mtime: 1))])
            for name in ["/a", "/d/b", "/d/c"] { try source.writeFile(name, Self.bytes, mtime: 5) }
            theirs.announce(source)
            mine = try await Engine.start(
                TestEngines.configuration(folder("mine"), peers: theirs.addresses))
            drive = try Drive(store: mine.store, key: source.key)
            mine.look(for: drive)
        }

        static let bytes = [UInt8]((0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

        func close() async {
            await mine.close()
            await theirs.close()
        }

        func pin(_ path: String) -> Pin { Pin(source.key, version: nil, path: path) }

        func evict(_ path: String) async throws -> Eviction.Outcome {
            try await mine.evict(DriveReference("hyper://\(source.key.hex)\(path)"))
        }

        /// Bytes of a file that are here.
        func cached(_ path: String) throws -> UInt64 {
            try drive.entry(path)?.cachedBytes ?? 0
        }
    }

    private func withPair(_ body: (Pair) async throws -> Void) async throws {
        let pair = try await Pair()
        do {
            try await body(pair)
        } catch {
            await pair.close()
            throw error
        }
        await pair.close()
    }

    @Test func whatIsPinnedIsFetchedAndStays() async throws {
        try await withPair { pair in
            let pinning = Pinning(pair.pin("/d"), in: pair.mine)
            try await pinning.remember()
            let done = try await pinning.fetch { _ in }
            #expect(done.files == 2)
            #expect(done.bytes == 300_000)
            #expect(try pair.cached("/d/b") == 150_000)
            #expect(try pair.cached("/a") == 0)
            _ = try await Pinning(pair.pin("/a"), in: pair.mine).fetch { _ in }
            let outcome = try await pair.evict("/")
            #expect(outcome.blocks == 3)
            #expect(outcome.pinned == 6)
            #expect(outcome.bytes == 150_000)
            #expect(try pair.cached("/a") == 0)
            #expect(try pair.cached("/d/c") == 150_000)
            #expect(try PinList.load(store: pair.folder("mine")) == [pair.pin("/d")])
            try Pinning.forget(pair.pin("/d"), store: pair.folder("mine"))
            #expect(throws: NodeError.self) {
                try Pinning.forget(pair.pin("/d"), store: pair.folder("mine"))
            }
            #expect(try await pair.evict("/d/b").blocks == 3)
            #expect(try pair.cached("/d/b") == 0)
            #expect(try pair.cached("/d/c") == 150_000)
            // It is read as before.
            let drive = pair.drive
            let again = try await pair.mine.fetching("reading") { try drive.read("/d/b") }
            #expect(again == Pair.bytes)
        }
    }

    @Test func whatIsNotThereIsNotPinned() async throws {
        try await withPair { pair in
            let error = await #expect(throws: NodeError.self) {
                try await Pinning(pair.pin("/none"), in: pair.mine).remember()
            }
            #expect(error?.code == .notFound)
            let pins = try PinList.load(store: pair.folder("mine"))
            #expect(pins.isEmpty)
        }
    }

    @Test func ownBlocksAreNeverEvicted() async throws {
        try await withPair { pair in
            let error = await #expect(throws: NodeError.self) {
                try await pair.theirs.evict(DriveReference("source"))
            }
            #expect(error?.code == .failed)
            #expect(try pair.source.entry("/a")?.cachedBytes == 150_000)
            // Nor through somebody else's drive that they are nested in.
            let own = try pair.mine.createDrive(name: "own")
            try own.writeFile("/f", Pair.bytes, mtime: 5)
            try pair.source.apply([
                .mount(path: "/d/own", key: own.key, version: nil, stat: .directory(mtime: 1))
            ])
            let drive = pair.drive
            await pair.mine.refresh(drive)
            _ = try await pair.mine.fetching("reading") { try drive.read("/d/own/f") }
            let outcome = try await pair.evict("/d")
            #expect(outcome.own == 3)
            #expect(try own.read("/f") == Pair.bytes)
        }
    }

    @Test func evictedBytesLeaveTheDisk() async throws {
        try await withPair { pair in
            _ = try await Pinning(pair.pin("/"), in: pair.mine).fetch { _ in }
            try pair.mine.store.flush()
            let file = try data(of: pair)
            let before = try blocks(file)
            #expect(before * 512 >= 450_000)
            _ = try await pair.evict("/d/b")
            #expect(try blocks(file) < before)
            _ = try await pair.evict("/")
            // Pages in which two holes meet may stay.
            #expect(try blocks(file) <= 4 * 8)
        }
    }

    @Test func rotIsFoundAndMended() async throws {
        try await withPair { pair in
            _ = try await Pinning(pair.pin("/"), in: pair.mine).fetch { _ in }
            try pair.mine.store.flush()
            let whole = try await Verification(pair.drive, in: pair.mine).run { _, _ in }
            #expect(whole.bad == 0)
            #expect(whole.blocks == 9 + pair.drive.metadata.length)
            try damage(data(of: pair), at: 200_000)
            try damage(data(of: pair), at: 400_000)
            let outcome = try await Verification(pair.drive, in: pair.mine).run { _, _ in }
            #expect(outcome.bad == 2)
            #expect(outcome.refetched == 2)
            #expect(outcome.lost == 0)
            #expect(!outcome.isOwn)
            #expect(outcome.paths == ["/d/b", "/d/c"])
            #expect(try pair.drive.read("/d/b") == Pair.bytes)
        }
    }

    @Test func rotThatNobodyCanMendIsTold() async throws {
        try await withPair { pair in
            let file = try data(of: try pair.source.content().key, in: pair.folder("theirs"))
            try damage(file, at: 10)
            let outcome = try await Verification(pair.source, in: pair.theirs).run { _, _ in }
            #expect(outcome.bad == 1)
            #expect(outcome.lost == 1)
            #expect(outcome.isOwn)
            #expect(outcome.paths == ["/a"])
            // Nobody is served with it.
            #expect(try pair.source.content().block(0) == nil)
        }
    }

    private func data(of pair: Pair) throws -> String {
        try data(of: try pair.drive.content().key, in: pair.folder("mine"))
    }

    private func data(of key: PublicKey, in store: String) throws -> String {
        let digits = key.discoveryKey.hex
        return "\(store)/\(digits.prefix(2))/\(digits.dropFirst(2).prefix(2))/\(digits)/data"
    }

    private func blocks(_ path: String) throws -> Int {
        var status = stat()
        #expect(stat(path, &status) == 0)
        return Int(status.st_blocks)
    }

    private func damage(_ path: String, at offset: UInt64) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data([byte ^ 0xFF]))
        try handle.close()
    }
}

/// Sets of blocks against sets of numbers.
@Suite(.timeLimit(.minutes(1)))
struct BlockSetTests {
    @Test func setsAreWhatTheyShouldBe() throws {
        var random = SeededRandom.announced()
        let feed = try Feed(storage: MemoryStorage())
        for _ in 0..<300 {
            var (a, b) = (BlockSet(), BlockSet())
            var (modelA, modelB) = (Set<UInt64>(), Set<UInt64>())
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                let start = UInt64.random(in: 0..<40, using: &random)
                let range = start..<start + UInt64.random(in: 0..<9, using: &random)
                if Bool.random(using: &random) {
                    a.add([range], of: feed)
                    modelA.formUnion(range)
                } else {
                    b.add([range], of: feed)
                    modelB.formUnion(range)
                }
            }
            let rest = a.subtracting(b)
            #expect(
                rest.parts.flatMap(\.ranges).flatMap { Array($0) }
                    == modelA.subtracting(modelB).sorted())
            let start = UInt64.random(in: 0..<48, using: &random)
            let range = start..<start + 3
            #expect(b.intersects(range, of: feed) == !modelB.isDisjoint(with: range))
        }
    }
}
