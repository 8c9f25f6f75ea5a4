import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// `verify`: hashes every local block of a drive again. Bad ones are dropped, and fetched again
/// from peers.
public final class Verification: Sendable {
    /// What was found.
    public struct Outcome: Sendable, Equatable {
        /// Blocks that were hashed, of names and of content.
        public var blocks: UInt64 = 0
        /// Bad ones among them.
        public var bad: UInt64 = 0
        /// Bad ones that are here again.
        public var refetched: UInt64 = 0
        /// Files with bad blocks, as far as they were looked for.
        public var paths: [String] = []
        /// The drive is ours.
        public var isOwn = false

        /// Bad ones that are gone from here.
        public var lost: UInt64 { bad - refetched }

        /// The line for programs.
        public func json(_ key: String) -> JSONValue {
            [
                "event": "verified", "key": .string(key), "blocks": .number(blocks),
                "bad": .number(bad), "refetched": .number(refetched), "lost": .number(lost),
                "paths": .array(paths.map { .string($0) }), "writable": .bool(isOwn),
            ]
        }
    }

    private let drive: Drive
    private let engine: Engine
    private let isCancelled = Atomic(false)

    /// Nothing happens yet.
    public init(_ drive: Drive, in engine: Engine) {
        self.drive = drive
        self.engine = engine
    }

    /// The same for a drive by its key. Throws NodeError.
    public convenience init(of key: PublicKey, in engine: Engine) throws {
        do {
            self.init(try Drive(store: engine.store, key: key), in: engine)
        } catch {
            throw NodeError(error, while: "verifying \(key.hex)")
        }
    }

    /// Hashes everything. `progress`: blocks done and in all. Throws NodeError `.notFound` for a
    /// drive of which nothing is here.
    public func run(
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws -> Outcome {
        guard drive.metadata.length > 0 else {
            throw NodeError(
                .notFound, "nothing of drive \(drive.key.hex) is in this store",
                hint: "'hyperfs drives' lists what is")
        }
        do {
            return try await withTaskCancellationHandler {
                try await verify(progress)
            } onCancel: {
                isCancelled.store(true, ordering: .relaxed)
            }
        } catch {
            throw NodeError(error, while: "verifying \(drive.key.hex)")
        }
    }

    private func verify(
        _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> Outcome {
        var outcome = Outcome()
        let names = drive.metadata
        let content = try? drive.content()
        let here = [names, content].compactMap { $0 }
            .reduce(0) { $0 + $1.localBlocks(in: 0..<$1.length) }
        let badNames = try await rehash(names, &outcome, of: here, progress)
        try await refetch(badNames, of: names, &outcome)
        // Without the names the content could not be told.
        let feed = content ?? (try? drive.content())
        guard let feed else { return outcome }
        outcome.isOwn = feed.isWritable
        let bad = try await rehash(feed, &outcome, of: here, progress)
        outcome.paths = (try? paths(of: bad, in: feed)) ?? []
        try await refetch(bad, of: feed, &outcome)
        return outcome
    }

    private func rehash(
        _ feed: Feed, _ outcome: inout Outcome, of total: UInt64,
        _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws -> [UInt64] {
        let before = outcome.blocks
        let (bad, count) = try await onThread("verify") { [isCancelled = self] in
            var bad: [UInt64] = []
            var count: UInt64 = 0
            var next: UInt64 = 0
            while next < feed.length {
                guard !isCancelled.wasCancelled else { throw CancellationError() }
                let end = min(next + Limits.verifiedAtOnce, feed.length)
                count += feed.localBlocks(in: next..<end)
                bad += try feed.verifyStored(next..<end)
                next = end
                progress(before + count, total)
            }
            return (bad, count)
        }
        outcome.blocks += count
        outcome.bad += UInt64(bad.count)
        return bad
    }

    private var wasCancelled: Bool { isCancelled.load(ordering: .relaxed) }

    /// Asks peers for what was dropped. Nobody there is no error: it is told what is lost.
    private func refetch(
        _ bad: [UInt64], of feed: Feed, _ outcome: inout Outcome
    ) async throws {
        guard !bad.isEmpty, feed.network != nil else { return }
        engine.look(for: drive)
        for block in bad {
            try Task.checkCancellation()
            do {
                try await engine.fetch("verifying", .blocks(block..<block + 1), of: feed)
                outcome.refetched += 1
            } catch let error as NodeError where error.code == .notFound {
                // The first that nobody has tells of all.
                return
            }
        }
    }

    /// The files that have some of these blocks.
    private func paths(of bad: [UInt64], in feed: Feed) throws -> [String] {
        guard !bad.isEmpty else { return [] }
        let bad = bad.prefix(Limits.badBlocksNamed)
        var paths: [String] = []
        try drive.walk("/").forEach { entry in
            guard entry.stat.kind == .file, entry.drive.key == drive.key,
                paths.count < Limits.badFilesNamed
            else { return }
            let blocks = entry.stat.contentBlocks
            if bad.contains(where: blocks.contains) { paths.append(entry.path) }
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
