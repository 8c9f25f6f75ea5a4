import Foundation
import Synchronization
import TestSupport
import Testing

/// A command that runs until it is told to end; its JSON events are read as they come.
final class RunningCommand {
    private let process: Process
    private let events: AsyncStream<JSON>
    private var iterator: AsyncStream<JSON>.Iterator
    private let errorPath: String

    init(_ command: Command, _ arguments: [String]) throws {
        process = command.prepare(arguments)
        let pipe = Pipe()
        process.standardOutput = pipe
        errorPath = command.home("errors-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: errorPath, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: errorPath)
        let (stream, continuation) = AsyncStream.makeStream(of: JSON.self)
        events = stream
        iterator = stream.makeAsyncIterator()
        try process.run()
        let reader = pipe.fileHandleForReading
        Thread.detachNewThread {
            var rest: [UInt8] = []
            while case let data = reader.availableData, !data.isEmpty {
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Data(rest[..<end])
                    if let event = try? JSONDecoder().decode(JSON.self, from: line) {
                        continuation.yield(event)
                    }
                    rest.removeFirst(end + 1)
                }
            }
            continuation.finish()
        }
    }

    deinit { if process.isRunning { process.terminate() } }

    var isRunning: Bool { process.isRunning }

    var identifier: Int32 { process.processIdentifier }

    /// The next event of this name; nil when the command ended without it.
    func event(_ name: String) async -> JSON? {
        while let event = await iterator.next() {
            if event["event"].string == name { return event }
        }
        return nil
    }

    /// Sends a signal and waits for the end.
    func end(_ number: Int32 = SIGINT) -> Int32 {
        kill(process.processIdentifier, number)
        return wait()
    }

    /// The exit code, 128 + signal for a killed one.
    func wait() -> Int32 {
        process.waitUntilExit()
        let signaled = process.terminationReason == .uncaughtSignal
        return signaled ? 128 + process.terminationStatus : process.terminationStatus
    }

    var errors: String {
        (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? ""
    }
}

extension Command {
    /// Shares a folder with one file, `file`, that says "found". Returns when it is ready.
    func share(
        _ options: [String] = []
    ) async throws -> (running: RunningCommand, key: String) {
        let folder = home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "found\n".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        let running = try RunningCommand(
            self, ["share", folder, "--foreground", "--json"] + options)
        let ready = try #require(await running.event("ready"), "\(running.errors)")
        return (running, ready["key"].string)
    }
}
