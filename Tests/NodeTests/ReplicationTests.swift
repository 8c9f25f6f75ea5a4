import Foundation
import HyperCrypto
import Hyperdrive
import Hyperswarm
import Synchronization
import TestSupport
import Testing

@testable import Node

/// Two nodes in one process: one has a drive of the reference, the other reads it over TCP.
@Suite(.timeLimit(.minutes(1)))
struct ReplicationTests {
    private static let key = "44d9874f1ee9f3adaf67e2bfec71bf5183d6c7245ef1b74f6a846c3da59e580d"

    /// Runs with a serving engine and a reader's configuration that dials it.
    private func withPeers(
        _ body: (Engine.Configuration, TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let theirs = try TestEngines.store("store-tree", in: folder)
        let server = try await Engine.start(TestEngines.configuration(theirs))
        let mine = TestEngines.configuration(folder("mine"), peers: server.addresses)
        do {
            try await body(mine, folder)
        } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    @Test func aFolderIsListedThroughTheNetworkAndThenFromTheStore() async throws {
        try await withPeers { configuration, _ in
            let reference = try DriveReference(Self.key)
            let reader = NodeReader(reference, configuration)
            let names = try await reader.reader.read { try $0.list("/").map(\.name) }
            let expected = try Fixtures.json("hyperdrive/drives/store-tree.json")["readdir"]["/"]
                .array.map(\.string)
            #expect(Set(names) == Set(expected))
            #expect(try await reader.reader.connectedPeers() == 1)
            await reader.close()

            var offline = configuration
            offline.network = nil
            let again = NodeReader(reference, offline)
            #expect(try await again.reader.read { try $0.list("/").map(\.name) } == names)
            await again.close()
        }
    }

    @Test func aFileIsStreamedWhole() async throws {
        try await withPeers { configuration, _ in
            let reference = try DriveReference(Self.key + "/bin/data.bin")
            let reader = NodeReader(reference, configuration)
            let entry = try #require(try await reader.reader.read { try $0.entry("/bin/data.bin") })
            let received = Mutex<[UInt8]>([])
            try await reader.reader.stream(entry) { part in received.withLock { $0 += part } }
            let size = received.withLock { UInt64($0.count) }
            #expect(size == entry.stat.size)
            await reader.close()
        }
    }

    @Test func aWholeDriveIsCopiedOutAndTheSecondRunHasNothingToDo() async throws {
        try await withPeers { configuration, folder in
            let engine = try await Engine.start(configuration)
            let key = try #require(PublicKey(hex: Self.key))
            let drive = try Drive(store: engine.store, key: key)
            await engine.refresh(drive)
            let notes = Counted()
            let copy = CopyOut(drive, in: engine) { _ in
            } note: {
                notes.note($0)
            }
            let done = try await copy.run("/", to: folder("out"))
            #expect(notes.texts.isEmpty)
            #expect(done.files == done.filesTotal)
            #expect(done.bytes == done.bytesTotal)
            let text = try String(contentsOfFile: folder("out/hello.txt"), encoding: .utf8)
            #expect(text == "third and last version, longer than the first\n")
            let link = try FileManager.default.destinationOfSymbolicLink(
                atPath: folder("out/link-rel"))
            #expect(link == "hello.txt")
            let before = engine.transferred.received
            let again = CopyOut(drive, in: engine) { _ in
            } note: {
                notes.note($0)
            }
            #expect(try await again.run("/", to: folder("out")) == done)
            // Keep-alives at most.
            #expect(engine.transferred.received - before < 100)
            // In pieces: the same comes out, times of folders included.
            let pieces = CopyOut(drive, in: engine) { _ in
            } note: {
                notes.note($0)
            }
            pieces.copiedAtOnce = 3
            #expect(try await pieces.run("/", to: folder("pieces")) == done)
            #expect(try Self.times(folder("pieces")) == Self.times(folder("out")))
            #expect(notes.texts.isEmpty)
            await engine.close()
        }
    }

    /// When what is below a folder was changed last; of what nobody gave a time only the name.
    private static func times(_ folder: String) throws -> [String: Date] {
        let long = Date.now - 3600
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
        let times = try paths.map { path in
            let facts = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)
            let time = facts[.modificationDate] as? Date ?? .now
            return (path, time < long ? time : .distantPast)
        }
        return Dictionary(uniqueKeysWithValues: times)
    }

    @Test func aWrongKeyIsNotFoundAndSaysWhy() async throws {
        try await withPeers { configuration, _ in
            var configuration = configuration
            configuration.timeout = .milliseconds(300)
            let wrong = String(repeating: "ab", count: 32)
            let reader = NodeReader(try DriveReference(wrong), configuration)
            await #expect {
                try await reader.reader.read { try $0.list("/").map(\.name) }
            } throws: { error in
                let error = error as? NodeError
                return error?.code == .notFound && error?.message.contains("one peer") == true
            }
            await reader.close()
        }
    }

    @Test func patienceEndsEarlyWithoutAPeer() async throws {
        let folder = try TemporaryFolder()
        // Nobody listens on the port of a server that has gone.
        let gone = try await Engine.start(TestEngines.configuration(folder("gone")))
        let addresses = gone.addresses
        await gone.close()
        var configuration = TestEngines.configuration(folder("mine"), peers: addresses)
        configuration.timeoutWithoutPeers = .milliseconds(100)
        let reader = NodeReader(try DriveReference(Self.key), configuration)
        await #expect {
            try await reader.reader.read { try $0.list("/").map(\.name) }
        } throws: { error in
            let error = error as? NodeError
            return error?.code == .notFound && error?.message.contains("refused") == true
        }
        await reader.close()
    }

    @Test func aSecondEngineFindsTheStoreLocked() async throws {
        let folder = try TemporaryFolder()
        let first = try await Engine.start(TestEngines.configuration(folder("store")))
        await #expect {
            _ = try await Engine.start(TestEngines.configuration(folder("store")))
        } throws: { error in
            (error as? NodeError)?.code == .storeLocked
        }
        await first.close()
        let second = try await Engine.start(TestEngines.configuration(folder("store")))
        await second.close()
    }
}

/// Texts from callbacks.
private final class Counted: Sendable {
    private let list = Mutex<[String]>([])
    func note(_ text: String) { list.withLock { $0.append(text) } }
    var texts: [String] { list.withLock { $0 } }
}
