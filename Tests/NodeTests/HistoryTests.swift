import Foundation
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// Two copies of a store that both have a drive's secret key.
@Suite(.timeLimit(.minutes(1)))
struct HistoryTests {
    /// What is added to which copy before they meet.
    private struct Copies {
        let folder: TemporaryFolder
        let key: PublicKey
        let first: String
        let second: String

        init() async throws {
            folder = try TemporaryFolder()
            first = folder("first")
            second = folder("second")
            let engine = try await Engine.start(Self.offline(first))
            let drive = try engine.createDrive(name: "mine")
            try drive.writeFile("/common", [1], mtime: 5)
            key = drive.key
            await engine.close()
            try FileManager.default.copyItem(atPath: first, toPath: second)
        }

        static func offline(_ store: String) -> Engine.Configuration {
            var configuration = Engine.Configuration(store: store)
            configuration.network = nil
            return configuration
        }

        func write(_ names: [String], in store: String) async throws {
            let engine = try await Engine.start(Self.offline(store))
            let drive = try Drive(store: engine.store, key: key)
            for name in names { try drive.writeFile("/" + name, Array(name.utf8), mtime: 5) }
            await engine.close()
        }

        /// Runs while both are connected and the drive is offered by both.
        func meet(_ body: (_ first: Drive, _ second: Drive) async throws -> Void) async throws {
            let one = try await Engine.start(TestEngines.configuration(first))
            let mine = TestEngines.configuration(second, peers: one.addresses)
            let two = try await Engine.start(mine)
            do {
                let drives = try [one, two].map { try Drive(store: $0.store, key: key) }
                for (engine, drive) in zip([one, two], drives) {
                    engine.exchange(drive)
                }
                try await body(drives[0], drives[1])
            } catch {
                await two.close()
                await one.close()
                throw error
            }
            await two.close()
            await one.close()
        }

        /// Whether a restart remembers.
        func isRefusedOffline(_ store: String) async throws -> Bool {
            let engine = try await Engine.start(Self.offline(store))
            let drive = try Drive(store: engine.store, key: key)
            engine.exchange(drive)
            let isRefused = !drive.isWritable
            await engine.close()
            return isRefused
        }
    }

    /// Returns when the feed is refused; the time limit of the suite ends a wait in vain.
    private func refusal(of drive: Drive) async throws -> FeedError {
        let (refused, continuation) = AsyncStream.makeStream(of: Void.self)
        let observation = drive.metadata.observe { if $0 == .refused { continuation.yield() } }
        defer { drive.metadata.stopObserving(observation) }
        if drive.metadata.refusal == nil {
            for await _ in refused { break }
        }
        return try #require(drive.metadata.refusal)
    }

    @Test(arguments: [(["a"], ["b"]), (["a"], ["b", "c"]), (["a", "c"], ["b"])])
    func twoHistoriesStopBothWriters(_ first: [String], _ second: [String]) async throws {
        let copies = try await Copies()
        try await copies.write(first, in: copies.first)
        try await copies.write(second, in: copies.second)
        try await copies.meet { one, two in
            let versions = (one.version, two.version)
            // The longer one may learn of it only from the other's proof, and the other way round.
            for drive in [one, two] {
                let refusal = try await refusal(of: drive)
                #expect(refusal.code == .forked)
                #expect(!drive.isWritable)
                let error = #expect(throws: DriveError.self) {
                    try drive.writeFile("/more", [1], mtime: 5)
                }
                #expect(error?.errno == EROFS)
            }
            // Nothing was overwritten, and both are read as before.
            #expect((one.version, two.version) == versions)
            for (drive, names) in [(one, first), (two, second)] {
                for name in names {
                    let bytes = try drive.read("/" + name)
                    #expect(bytes == Array(name.utf8))
                }
            }
        }
        #expect(try await copies.isRefusedOffline(copies.first))
        #expect(try await copies.isRefusedOffline(copies.second))
    }

    /// A backup that was brought back is older than what others have.
    @Test func anOldCopyIsNotWrittenAndTheNewOneIs() async throws {
        let copies = try await Copies()
        try await copies.write(["a", "b"], in: copies.first)
        try await copies.meet { one, two in
            let refusal = try await refusal(of: two)
            #expect(refusal.code == .outdated)
            #expect(refusal.message.contains("old copy"))
            #expect(throws: DriveError.self) { try two.writeFile("/c", [1], mtime: 5) }
            try one.writeFile("/c", [1], mtime: 5)
            #expect(one.metadata.refusal == nil)
        }
        #expect(try await !copies.isRefusedOffline(copies.first))
        #expect(try await copies.isRefusedOffline(copies.second))
    }

    /// Readers and equal copies are no reason to stop.
    @Test func equalCopiesMayBeWritten() async throws {
        let copies = try await Copies()
        try await copies.meet { one, two in
            // As soon as one of them goes on, the other is the old copy.
            try one.writeFile("/a", [1], mtime: 5)
            let refusal = try await refusal(of: two)
            #expect(refusal.code == .outdated)
            #expect(one.metadata.refusal == nil)
        }
    }
}
