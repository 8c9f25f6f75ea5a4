import Foundation
import Hypercore
import Hyperdrive

/// A drive that is kept whole: everything that is missing is fetched behind whatever readers want,
/// and what comes to the drive later, too.
final class Seed: Sendable {
    let drive: Drive
    let since = Date()
    private let engine: Engine

    init(_ drive: Drive, in engine: Engine) {
        self.drive = drive
        self.engine = engine
    }

    /// Returns when its task is cancelled.
    func run() async {
        engine.follow(drive.metadata)
        engine.exchange(drive)
        defer { engine.endExchange(drive) }
        while !Task.isCancelled {
            do {
                let content = try await resolve(priority: .background, timeout: nil) { [drive] in
                    try drive.content()
                }
                engine.follow(content)
                let news = Self.news(of: [drive.metadata, content])
                try await fill(drive.metadata)
                try await fill(content)
                // Nobody tells of anything new as long as all is here.
                for await _ in news { break }
            } catch is CancellationError {
                return
            } catch {
                engine.configuration.logger.info("seeding \(drive.key): \(error)")
                // Cancelled it ends at once.
                try? await Task.sleep(for: Limits.seedPause)
            }
        }
    }

    /// Everything up to the length that is known now.
    private func fill(_ feed: Feed) async throws {
        while let first = feed.firstMissing(in: 0..<feed.length) {
            try Task.checkCancellation()
            let end = min(feed.length, first + Limits.seedStep)
            try await feed.fetch(Demand(.blocks(first..<end), priority: .background))
        }
    }

    /// A value each time one of the feeds has become longer, from now on.
    private static func news(of feeds: [Feed]) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let observations = feeds.map { feed in
            feed.observe { event in
                if case .grew = event { continuation.yield() }
            }
        }
        continuation.onTermination = { _ in
            for (feed, observation) in zip(feeds, observations) { feed.stopObserving(observation) }
        }
        return stream
    }

    /// Its line in the list of seeds.
    var json: JSONValue {
        let content = try? drive.content()
        let feeds = [drive.metadata] + (content.map { [$0] } ?? [])
        let blocks = feeds.reduce(UInt64(0)) { $0 &+ $1.length }
        let here = feeds.reduce(UInt64(0)) { $0 &+ $1.localBlocks(in: 0..<$1.length) }
        return [
            "key": .string(drive.key.hex), "version": .number(drive.version),
            "blocks": .number(blocks), "blocksHere": .number(here),
            "bytes": .number(content?.byteLength ?? 0),
            "bytesHere": .number(content?.localBytes ?? 0),
            "complete": .bool(content != nil && here == blocks),
            "since": .string(since.ISO8601Format()),
        ]
    }
}
