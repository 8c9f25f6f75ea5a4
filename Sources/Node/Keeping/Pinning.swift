import Hypercore
import Hyperdrive

/// `pin`: fetches what is at and below a path, and keeps it.
public struct Pinning: Sendable {
    /// What is kept.
    public let pin: Pin
    private let engine: Engine

    /// Nothing happens yet.
    public init(_ pin: Pin, in engine: Engine) {
        self.pin = pin
        self.engine = engine
    }

    /// Remembers the pin for good. Throws `.notFound` when there is no such path.
    public func remember() async throws {
        let drive = try await opened()
        let path = pin.path
        let entry = try await engine.fetching("pinning \(pin.text)") { try drive.entry(path) }
        guard entry != nil else { throw EditScene.notFound(path) }
        _ = try PinList.add(pin, store: engine.configuration.store)
    }

    /// Fetches everything that is not here. What came stays, whatever happens. Files and bytes.
    @discardableResult
    public func fetch(
        progress: @escaping @Sendable (EditProgress) -> Void
    ) async throws -> EditProgress {
        let drive = try await opened()
        let subject = "pinning \(pin.text)"
        let path = pin.path
        let content = try await engine.fetching(subject) {
            try Engine.content(of: drive, at: path)
        }
        var done = EditProgress()
        (done.filesTotal, done.bytesTotal) = (content.files, content.bytes)
        var lookAhead = LookAhead()
        let parts = content.blocks.parts
        for part in parts {
            for range in part.ranges { lookAhead.add(range, of: part.feed) }
        }
        lookAhead.consumed(0)
        let total = max(1, parts.reduce(0) { $0 + $1.count })
        var blocks: UInt64 = 0
        for part in parts {
            for range in part.ranges {
                var next = range.lowerBound
                while next < range.upperBound {
                    try Task.checkCancellation()
                    let end = min(next + Limits.copyAheadStep, range.upperBound)
                    try await engine.fetch(subject, .blocks(next..<end), of: part.feed)
                    lookAhead.consumed(end - next)
                    blocks += end - next
                    next = end
                    let share = Double(blocks) / Double(total)
                    done.bytes = min(content.bytes, UInt64(Double(content.bytes) * share))
                    done.files = Int(Double(content.files) * share)
                    progress(done)
                }
            }
        }
        (done.files, done.bytes) = (content.files, content.bytes)
        return done
    }

    /// The line for programs.
    public func json(_ done: EditProgress) -> JSONValue {
        pin.json("pinned").adding([
            "files": .number(UInt64(done.files)), "bytes": .number(done.bytes),
        ])
    }

    /// Forgets the pin. Throws `.notMounted` when there is none.
    public static func forget(_ pin: Pin, store: String) throws {
        guard try PinList.remove(pin, store: store) else {
            throw NodeError(
                .notMounted, "\(pin.text) is not pinned", hint: "'hyperfs pin' lists what is")
        }
    }

    private func opened() async throws -> Drive {
        do {
            let drive = try engine.open(pin)
            engine.exchange(drive)
            if !drive.isWritable { await engine.refresh(drive) }
            return drive
        } catch {
            throw NodeError(error, while: "pinning \(pin.text)")
        }
    }
}
