import Foundation
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// Write keys: as a text, and on their way from store to store.
@Suite(.timeLimit(.minutes(2)))
struct KeyTests {
    private var file: KeyFile {
        KeyFile(
            name: "notes", metadata: KeyPair(seed: Bytes32([UInt8](1...32)) ?? Bytes32()),
            content: KeyPair(seed: Bytes32([UInt8](33...64)) ?? Bytes32()), version: 12, blocks: 7)
    }

    @Test func aKeyFileIsReadAsItWasWritten() throws {
        let text = file.text
        for copy in [
            text, "\n# mine\n" + text, text.replacingOccurrences(of: "\n", with: "\r\n"),
        ] {
            let back = try KeyFile(copy)
            #expect(back.drive == file.drive)
            #expect(back.content.publicKey == file.content.publicKey)
            #expect(back.name == "notes")
            #expect((back.version, back.blocks) == (12, 7))
        }
        // What the reader of docs/keys.md was promised.
        #expect(text.contains("\nhyperfs-key 1\nname notes\ndrive \(file.drive.hex)\nversion 12\n"))
    }

    @Test func everyDamageOfAKeyFileIsNoticed() throws {
        let text = Array(file.text.utf8)
        let start =
            text.count
            - file.text.split(separator: "\n").dropFirst(2)
            .reduce(0) { $0 + $1.utf8.count + 1 }
        // White space between the lines is nobody's secret.
        for index in start..<text.count - 1 where text[index] > 0x20 {
            var bad = text
            bad[index] ^= 1
            #expect(throws: NodeError.self) { try KeyFile(String(decoding: bad, as: UTF8.self)) }
        }
        for length in stride(from: 0, to: text.count - 1, by: 7) {
            #expect(throws: NodeError.self) {
                try KeyFile(String(decoding: text[..<length], as: UTF8.self))
            }
        }
        for nonsense in ["", "hyperfs-key 2\n", "hyperfs-key 1\nchecksum 0\n", "\0\0"] {
            #expect(throws: NodeError.self) { try KeyFile(nonsense) }
        }
    }

    /// An engine that serves a drive of its own with two files, and its key.
    private func serving(
        _ folder: TemporaryFolder
    ) async throws -> (engine: Engine, drive: Drive, key: KeyFile) {
        let engine = try await Engine.start(TestEngines.configuration(folder("theirs")))
        let drive = try engine.createDrive(name: "notes")
        try drive.writeFile("/a", [1, 2, 3], mtime: 5)
        try drive.writeFile("/b", [4], mtime: 5)
        engine.announce(drive)
        let key = try OwnDrive.export(try DriveReference("notes"), from: folder("theirs"))
        return (engine, drive, key)
    }

    @Test func anImportedDriveIsWrittenOnFromItsNewestVersion() async throws {
        let folder = try TemporaryFolder()
        let (engine, drive, key) = try await serving(folder)
        #expect(key.version == drive.version)
        try drive.writeFile("/c", [5], mtime: 5)
        let mine = TestEngines.configuration(folder("mine"), peers: engine.addresses)
        let outcome = try await KeyImport(key, into: mine, note: { _ in }).run()
        #expect(outcome.version == drive.version)
        #expect(outcome.name == "notes")
        #expect(!outcome.wasOwn)
        await engine.close()
        #expect(try OwnDrive.list(in: folder("mine")).map(\.kind) == [.stored])
        #expect(try await KeyImport(key, into: mine, note: { _ in }).run().wasOwn)

        var offline = mine
        offline.network = nil
        let writer = try await Engine.start(offline)
        let copy = try Drive(store: writer.store, key: drive.key)
        #expect(copy.isWritable)
        #expect(try copy.list("/").map(\.name) == ["a", "b", "c"])
        let before = copy.version
        try copy.writeFile("/d", [6], mtime: 5)
        #expect(copy.version == before + 1)
        await writer.close()

        // Who had the old history takes the new one: it is the same, and longer.
        let again = try await Engine.start(TestEngines.configuration(folder("mine")))
        var reading = TestEngines.configuration(folder("reader"), peers: again.addresses)
        reading.timeout = .seconds(20)
        again.announce(try Drive(store: again.store, key: drive.key))
        let reader = NodeReader(try DriveReference(drive.key.hex), reading)
        #expect(try await reader.reader.read { try $0.read("/d") } == [6])
        await reader.close()
        await again.close()
    }

    @Test func withoutTheNewestVersionAKeyIsNotUsed() async throws {
        let folder = try TemporaryFolder()
        let (engine, drive, key) = try await serving(folder)
        let longer = KeyFile(
            name: nil, metadata: key.metadata, content: key.content, version: key.version + 1,
            blocks: key.blocks)
        var mine = TestEngines.configuration(folder("mine"), peers: engine.addresses)
        mine.timeout = .milliseconds(300)
        mine.timeoutWithoutPeers = .milliseconds(300)
        let refusal = await #expect(throws: NodeError.self) {
            try await KeyImport(longer, into: mine, note: { _ in }).run()
        }
        #expect(refusal?.code == .notFound)
        await engine.close()
        let nobody = await #expect(throws: NodeError.self) {
            try await KeyImport(key, into: mine, note: { _ in }).run()
        }
        #expect(nobody?.code == .notFound)
        #expect(try OwnDrive.list(in: folder("mine")).isEmpty)
        #expect(
            !FileManager.default.fileExists(
                atPath: folder("mine") + "/" + path(drive.key) + "/secret_key"))
    }

    private func path(_ key: PublicKey) -> String {
        let digits = key.discoveryKey.hex
        return "\(digits.prefix(2))/\(digits.dropFirst(2).prefix(2))/\(digits)"
    }

    @Test func aDriveThatIsNowhereElseBeginsAnewWhenForced() async throws {
        let folder = try TemporaryFolder()
        let (engine, drive, key) = try await serving(folder)
        await engine.close()
        var mine = TestEngines.configuration(folder("mine"))
        mine.network = nil
        let outcome = try await KeyImport(key, into: mine, isForced: true, note: { _ in }).run()
        #expect(outcome.version == 1)
        let writer = try await Engine.start(mine)
        let copy = try Drive(store: writer.store, key: drive.key)
        #expect(copy.isWritable)
        #expect(try copy.content().key == drive.content().key)
        try copy.writeFile("/new", [1], mtime: 5)
        await writer.close()
    }

    @Test func foreignDrivesHaveNoKeyToExport() async throws {
        let folder = try TemporaryFolder()
        let store = try TestEngines.store("store-tree", in: folder)
        let foreign = PublicKey(Bytes32([UInt8](repeating: 7, count: 32)) ?? Bytes32())
        for name in [foreign.hex, foreign.hex + "+3", "nobody", foreign.hex + "/x"] {
            let error = #expect(throws: NodeError.self) {
                try OwnDrive.export(try DriveReference(name), from: store)
            }
            #expect([.notWritable, .usage, .notFound].contains(error?.code))
        }
    }
}
