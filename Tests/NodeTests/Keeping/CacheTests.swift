import Foundation
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// The cap on the cache: what goes, and what stays.
@Suite(.timeLimit(.minutes(2)))
struct CacheTests {
    private static let bytes = [UInt8](repeating: 7, count: 64 << 16)

    /// Three files of one run each, in somebody's drive, all of them here.
    private func withCopy(
        _ body: (Engine, Drive, TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let theirs = try await Engine.start(TestEngines.configuration(folder("theirs")))
        let source = try theirs.createDrive(name: "source")
        for name in ["/a", "/b", "/c"] { try source.writeFile(name, Self.bytes, mtime: 5) }
        theirs.announce(source)
        let mine = try await Engine.start(
            TestEngines.configuration(folder("mine"), peers: theirs.addresses))
        do {
            let pin = Pin(source.key, version: nil, path: "/")
            _ = try await Pinning(pin, in: mine).fetch { _ in }
            try await body(mine, Drive(store: mine.store, key: source.key), folder)
        } catch {
            await mine.close()
            await theirs.close()
            throw error
        }
        await mine.close()
        await theirs.close()
    }

    private func cached(_ drive: Drive) throws -> [Bool] {
        try ["/a", "/b", "/c"].map { try drive.entry($0)?.cachedBytes == UInt64(Self.bytes.count) }
    }

    @Test func theLongestUnusedGoesFirst() async throws {
        try await withCopy { engine, drive, _ in
            let content = try drive.content()
            // Nobody has noted anything yet: all are as old, until one is read.
            let keeper = CacheKeeper(grace: 0, interval: nil) { [weak engine] in engine }
            content.noteUse(now: 100)
            _ = try drive.read("/b")
            content.noteUse(now: 200)
            _ = try drive.read("/a")
            keeper.limit(to: UInt64(Self.bytes.count) * 2)
            #expect(keeper.tick() == UInt64(Self.bytes.count) * 2)
            #expect(try cached(drive) == [true, false, false])
            #expect(keeper.tick() == 0)
            // What was dropped is fetched again.
            let again = try await engine.fetching("reading") { try drive.read("/c") }
            #expect(again == Self.bytes)
            keeper.stop()
        }
    }

    /// The last run that was noted says nothing of those behind it.
    @Test func whatNobodyReadsGoesAlsoWhileTheFirstFileIsRead() async throws {
        try await withCopy { engine, drive, _ in
            let keeper = CacheKeeper(grace: 1000, interval: nil) { [weak engine] in engine }
            try drive.content().noteUse(now: UInt32(clamping: time(nil)))
            _ = try drive.read("/a")
            keeper.limit(to: UInt64(Self.bytes.count))
            #expect(keeper.tick() == UInt64(Self.bytes.count) * 2)
            #expect(try cached(drive) == [true, false, false])
            keeper.stop()
        }
    }

    @Test func whatIsPinnedOrOursOrJustUsedStays() async throws {
        try await withCopy { engine, drive, _ in
            let own = try engine.createDrive(name: "own")
            try own.writeFile("/f", Self.bytes, mtime: 5)
            try await Pinning(Pin(drive.key, version: nil, path: "/b"), in: engine).remember()
            let patient = CacheKeeper(grace: 1000, interval: nil) { [weak engine] in engine }
            try drive.content().noteUse(now: UInt32(clamping: time(nil)))
            _ = try ["/a", "/c"].map { try drive.read($0) }
            patient.limit(to: 1)
            #expect(patient.tick() == 0)
            patient.stop()
            let keeper = CacheKeeper(grace: 0, interval: nil) { [weak engine] in engine }
            keeper.limit(to: 1)
            #expect(keeper.tick() == UInt64(Self.bytes.count) * 2)
            #expect(try cached(drive) == [false, true, false])
            #expect(try own.read("/f") == Self.bytes)
            keeper.stop()
        }
    }

    @Test func theUseSurvivesTheProcess() throws {
        let folder = try TemporaryFolder()
        var random = SeededRandom.announced()
        let keys = (0..<3).map { _ in PublicKey(random.bytes32()) }
        try FileManager.default.createDirectory(
            atPath: folder("hyperfs"), withIntermediateDirectories: true)
        var file = UseFile(store: folder.path)
        #expect(file.runs.isEmpty)
        for key in keys {
            file.runs[key] = (0..<5).map { _ in UInt32.random(in: 0...9, using: &random) }
        }
        try file.save()
        #expect(UseFile(store: folder.path).runs == file.runs)
        // Damaged it is as good as none, and never a trap.
        let path = folder("hyperfs/cache-use")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in 0..<bytes.count {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(UseFile(store: folder.path).runs.count <= 3)
        }
        for _ in 0..<50 {
            var noise = bytes
            noise[Int.random(in: 0..<noise.count, using: &random)] = 0xFF
            try noise.write(to: URL(fileURLWithPath: path))
            _ = UseFile(store: folder.path)
        }
    }
}
