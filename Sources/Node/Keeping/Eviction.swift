import Hypercore
import Hyperdrive

/// `evict`: drops the local copy of what is at and below a path. Own blocks stay, since nobody
/// else need have them, and so do pinned ones.
public struct Eviction: Sendable {
    /// What was dropped.
    public struct Outcome: Sendable, Equatable {
        /// Blocks that are not here any more.
        public var blocks: UInt64 = 0
        /// Their bytes.
        public var bytes: UInt64 = 0
        /// Blocks that stayed because they are ours.
        public var own: UInt64 = 0
        /// Blocks that stayed because they are pinned.
        public var pinned: UInt64 = 0

        /// The line for programs.
        public func json(_ key: String) -> JSONValue {
            [
                "event": "evicted", "key": .string(key), "blocks": .number(blocks),
                "bytes": .number(bytes), "own": .number(own), "pinned": .number(pinned),
            ]
        }
    }

    /// Blocks; call it on a thread of its own. Throws `MissingBlocks` when it is not known here
    /// which blocks those are.
    static func run(_ drive: Drive, _ path: String, in engine: Engine) throws -> Outcome {
        var blocks = BlockSet()
        if path == "/" {
            // Also what only old versions have.
            let feed = try drive.content()
            blocks.add([0..<feed.length], of: feed)
        } else {
            blocks = try Engine.content(of: drive, at: path).blocks
        }
        let free = blocks.subtracting(try engine.pinnedBlocks())
        var outcome = Outcome()
        for part in blocks.parts {
            let here = part.ranges.reduce(0) { $0 + part.feed.localBlocks(in: $1) }
            if part.feed.isWritable { outcome.own += here } else { outcome.pinned += here }
        }
        for part in free.parts where !part.feed.isWritable {
            let feed = part.feed
            let here = part.ranges.reduce(0) { $0 + feed.localBlocks(in: $1) }
            let before = feed.localBytes
            try feed.clear(part.ranges)
            outcome.pinned -= min(outcome.pinned, here)
            outcome.blocks += here
            outcome.bytes += before - min(before, feed.localBytes)
        }
        return outcome
    }
}

extension Engine {
    /// Drops the local copy of a path. Throws `.notFound`, and `.failed` for an own drive.
    public func evict(_ reference: DriveReference) async throws -> Eviction.Outcome {
        let subject = "evicting \(reference)"
        let key = try key(of: reference)
        guard store.isStored(key) else { return Eviction.Outcome() }
        do {
            let drive = try Drive(store: store, key: key, version: reference.version)
            guard try await !fetching(subject, { try drive.content().isWritable }) else {
                throw NodeError(
                    .failed, "\(reference): the drive is ours, and nobody else need have it",
                    hint: "'hyperfs rm' removes files from it")
            }
            while true {
                do {
                    return try await onThread("evict") {
                        try Eviction.run(drive, reference.path, in: self)
                    }
                } catch let missing as MissingBlocks {
                    try await fetch(subject, missing.target, of: missing.feed)
                }
            }
        } catch {
            throw NodeError(error, while: subject)
        }
    }
}
