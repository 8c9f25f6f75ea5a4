import Foundation
import Glibc
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// `mount --network`, on a mount, between two nodes.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct NetworkMountTests {
    /// What a folder lists; the kernel asks us, and not on a thread of Swift's tasks.
    private static func names(_ path: String) async throws -> [String] {
        try await onThread("test") { try FileManager.default.contentsOfDirectory(atPath: path) }
            .filter { $0 != ".hyperfs" }.sorted()
    }

    private static func text(_ path: String) async throws -> String {
        try await onThread("test") { try String(contentsOfFile: path, encoding: .utf8) }
    }

    private static func inode(_ path: String) async -> UInt64 {
        let number = try? await onThread("test") { () -> UInt64 in
            var found = stat()
            return stat(path, &found) == 0 ? UInt64(found.st_ino) : 0
        }
        return number ?? 0
    }

    private struct Scene {
        let folder: TemporaryFolder
        let source: Engine
        let reader: Engine
        let drive: Drive
        let mounted: MountedDrive
        var place: String { mounted.mountpoint + "/" + drive.key.hex }

        init() async throws {
            folder = try TemporaryFolder()
            source = try await Engine.start(TestEngines.configuration(folder("source")))
            drive = try source.createDrive(name: nil)
            try drive.writeFile("/docs/a", Array("far away".utf8), mtime: 5)
            try drive.writeFile("/docs/b", Array("too".utf8), mtime: 5)
            source.announce(drive)
            reader = try await Engine.start(
                TestEngines.configuration(folder("reader"), peers: source.addresses))
            try FileManager.default.createDirectory(
                atPath: folder("mnt"), withIntermediateDirectories: true)
            mounted = try await MountedDrive(
                networkAt: folder("mnt"), options: .init(), in: reader)
        }

        func end() async throws {
            mounted.unmount()
            try await mounted.wait()
            await reader.close()
            await source.close()
        }

        /// Some hours pass, and the kernel forgets what it can.
        func idle(until isDone: () -> Bool) async throws {
            var now = ContinuousClock.now
            while !isDone() {
                now += .seconds(3600)
                mounted.letGoOfIdleDrives(now: now)
                reader.closeIdleFeeds()
                await Task.yield()
            }
        }
    }

    @Test func anIdleDriveIsLetGoAndOpenedAgain() async throws {
        let scene = try await Scene()
        weak let feed = try scene.reader.store.feed(key: scene.drive.key)
        #expect(try await Self.names(scene.place + "/docs") == ["a", "b"])
        #expect(try await Self.text(scene.place + "/docs/a") == "far away")
        #expect(try await Self.names(scene.mounted.mountpoint) == [scene.drive.key.hex])
        let numbers = [
            await Self.inode(scene.place), await Self.inode(scene.place + "/docs/a"),
        ]
        #expect(!numbers.contains(0))
        try await scene.idle { scene.reader.store.openFeeds.isEmpty }
        #expect(feed == nil)
        #expect(scene.mounted.load.nodes == 1)
        #expect(try await Self.names(scene.mounted.mountpoint).isEmpty)
        let isWanted = scene.reader.topics.isWanted(scene.drive.key.discoveryKey.raw)
        #expect(!isWanted)
        // What has changed meanwhile is there at the next use.
        try scene.drive.writeFile("/docs/c", [1], mtime: 5)
        var names = try await Self.names(scene.place + "/docs")
        while names.count < 3 {
            await Task.yield()
            names = try await Self.names(scene.place + "/docs")
        }
        #expect(try await Self.text(scene.place + "/docs/b") == "too")
        #expect(
            numbers == [
                await Self.inode(scene.place), await Self.inode(scene.place + "/docs/a"),
            ])
        try await scene.end()
        #expect(!scene.reader.topics.isWanted(scene.drive.key.discoveryKey.raw))
    }

    /// A shell in a folder of the drive: it keeps its place, and the drive stays.
    @Test func whoStandsInAFolderKeepsIt() async throws {
        let scene = try await Scene()
        #expect(try await Self.text(scene.place + "/docs/a") == "far away")
        let shell = try Standing(in: scene.place + "/docs")
        #expect(try await shell.ask("pwd -P") == scene.place + "/docs")
        // The file is forgotten, the folders that lead to the shell are not.
        try await scene.idle { scene.mounted.load.nodes == 3 }
        #expect(scene.reader.topics.isWanted(scene.drive.key.discoveryKey.raw))
        #expect(try await shell.ask("/bin/pwd -P") == scene.place + "/docs")
        #expect(try await shell.ask("cat b") == "too")
        #expect(try await Self.names(scene.mounted.mountpoint) == [scene.drive.key.hex])
        try await shell.end()
        try await scene.end()
    }
}

/// A shell that stands in a folder and answers line by line.
private final class Standing: Sendable {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(in folder: String) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let loop = "while read -r line; do eval \"$line\"; echo .; done"
        process.arguments = ["-c", "cd '\(folder)' && \(loop)"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func ask(_ line: String) async throws -> String {
        let (input, output) = (input.fileHandleForWriting, output.fileHandleForReading)
        return try await onThread("shell") {
            try input.write(contentsOf: Data((line + "\n").utf8))
            var answer = String(decoding: output.availableData, as: UTF8.self)
            while !answer.hasSuffix(".\n") {
                answer += String(decoding: output.availableData, as: UTF8.self)
            }
            return answer.dropLast(2).trimmingCharacters(in: .newlines)
        }
    }

    func end() async throws {
        try input.fileHandleForWriting.close()
        try await onThread("shell") { [process] in process.waitUntilExit() }
    }
}
