import Foundation
import Logging
import Node

/// With `-v`: what the node in the background writes into its log while a command has it work.
struct NodeLogView {
    private let console: Console
    private let logger: Logger
    private let path: String
    private let start: UInt64

    /// How often it looks, and how much it shows of one look.
    private static let pause: Duration = .milliseconds(200)
    private static let bytesMax = 64 << 10

    /// Runs the work, and with `-v` shows the lines meanwhile.
    static func during<T: Sendable>(
        _ common: CommonOptions, _ work: () async throws -> T
    ) async throws -> T {
        guard common.verbose > 0, let view = NodeLogView(common) else { return try await work() }
        return try await view.during(work)
    }

    /// From now on. nil: no such log can be.
    private init?(_ common: CommonOptions) {
        guard let path = NodeLog.path() else { return nil }
        console = common.console()
        logger = common.logger
        self.path = path
        start = Self.size(path)
    }

    /// Runs the work, and shows the lines meanwhile.
    private func during<T: Sendable>(_ work: () async throws -> T) async throws -> T {
        logger.info("the log of nodes in the background is \(path)")
        let showing = Task {
            var position = start
            while !Task.isCancelled {
                // Cancelled, it looks once more.
                try? await Task.sleep(for: Self.pause)
                position = show(from: position)
            }
        }
        defer { showing.cancel() }
        let result: Result<T, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        showing.cancel()
        await showing.value
        return try result.get()
    }

    /// Whole lines; returns where the next one begins.
    private func show(from position: UInt64) -> UInt64 {
        let size = Self.size(path)
        // Shorter than it was: it has been begun anew.
        let begin = size < position ? 0 : position
        guard size > begin, let file = FileHandle(forReadingAtPath: path) else { return begin }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: begin)) != nil,
            let data = try? file.read(upToCount: Self.bytesMax),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return begin }
        let text = String(decoding: data[..<end], as: UTF8.self)
        for line in text.split(separator: "\n") { console.note(Printable.text(String(line))) }
        return begin + UInt64(end - data.startIndex) + 1
    }

    private static func size(_ path: String) -> UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? UInt64) ?? 0
    }
}
