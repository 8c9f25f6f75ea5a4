import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// The drives that the page looks at, kept open, and their files.
final class WebDrives: Sendable {
    private let engine: Engine
    private let open = Mutex<[(source: WebAccess.Source, drive: Drive)]>([])

    init(_ engine: Engine) { self.engine = engine }

    /// A drive, looked for in the swarm when it is opened first.
    func drive(_ source: WebAccess.Source) async throws -> Drive {
        if let known = open.withLock({ $0.first { $0.source == source }?.drive }) { return known }
        let subject = "opening \(source.key)"
        let drive: Drive
        do {
            drive = try Drive(store: engine.store, key: source.key, version: source.version)
        } catch {
            throw NodeError(error, while: subject)
        }
        engine.look(for: drive)
        if !drive.isWritable { await engine.refresh(drive) }
        open.withLock { open in
            open.append((source, drive))
            if open.count > Limits.webOpenDrivesMax { open.removeFirst() }
        }
        return drive
    }

    /// An entry. Throws NodeError `.notFound`.
    func entry(_ path: String, of source: WebAccess.Source) async throws -> Entry {
        let drive = try await drive(source)
        let entry = try await engine.fetching("reading \(path)") { try drive.entry(path) }
        guard let entry else {
            throw NodeError(
                .notFound, "\(path) is not in the drive", hint: "look in the folder above")
        }
        return entry
    }

    /// The entries of a folder, folders first, by name.
    func list(_ path: String, of source: WebAccess.Source) async throws -> [Entry] {
        let drive = try await drive(source)
        let entries = try await engine.fetching("listing \(path)") { try drive.list(path) }
        return entries.sorted { one, other in
            let isFirst = one.stat.kind == .directory
            let isOther = other.stat.kind == .directory
            return isFirst == isOther ? one.name < other.name : isFirst
        }
    }

    /// Where a file's bytes are.
    func content(of entry: Entry) async throws -> FileContent {
        try await engine.fetching("reading \(entry.path)") {
            try entry.drive.content(of: entry.stat)
        }
    }

    /// Bytes of a file, straight from the swarm, in pieces; what comes next is asked for already.
    func send(
        _ range: Range<UInt64>, of content: FileContent, named path: String,
        to stream: any ControlStream
    ) async throws {
        var lookAhead: LookAhead?
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(Limits.webPieceBytes, range.upperBound - offset)
            let start = offset
            let bytes: [UInt8]
            if let here = try? content.read(at: start, count: Int(count)) {
                bytes = here
            } else {
                if lookAhead == nil { lookAhead = Self.lookAhead(from: start, to: range, content) }
                bytes = try await engine.fetching("reading \(path)") {
                    try content.read(at: start, count: Int(count))
                }
            }
            guard !bytes.isEmpty else {
                throw NodeError(
                    .corrupt, "\(path): its blocks hold fewer bytes than its entry says",
                    hint: "tell the owner of the drive")
            }
            try await stream.send(bytes)
            offset += UInt64(bytes.count)
            lookAhead?.consumed(UInt64(bytes.count) / Self.blockBytes)
        }
    }

    /// Blocks of files are of this size, the last one excepted (docs/spec/hyperdrive.md).
    private static let blockBytes: UInt64 = 64 << 10

    /// From the block of the first missing byte, as far as the blocks have the usual size.
    private static func lookAhead(
        from offset: UInt64, to range: Range<UInt64>, _ content: FileContent
    ) -> LookAhead {
        var ahead = LookAhead()
        let blocks = content.blocks
        let first = blocks.lowerBound + min(offset / blockBytes, UInt64(blocks.count))
        let end =
            blocks.lowerBound
            + min((range.upperBound + blockBytes - 1) / blockBytes, UInt64(blocks.count))
        if first < end { ahead.add(first..<end, of: content.feed) }
        ahead.consumed(0)
        return ahead
    }
}
