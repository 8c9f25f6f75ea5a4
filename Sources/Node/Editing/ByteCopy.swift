import Hypercore
import Hyperdrive

/// Copies files from one drive to another: fetches what is not here, hashes everything once more,
/// and appends many files under one signature.
final class ByteCopy {
    private let jobs: [CopyJob]
    private let engine: Engine
    private let report: @Sendable (EditProgress) -> Void
    private var progress = EditProgress()
    private var lookAhead = LookAhead()

    /// Bytes copied so far.
    var bytes: UInt64 { progress.bytes }

    init(
        _ jobs: [CopyJob], in engine: Engine,
        progress report: @escaping @Sendable (EditProgress) -> Void
    ) {
        // What lies side by side is fetched side by side.
        self.jobs = jobs.sorted {
            ($0.source.drive.key.hex, $0.source.stat.offset)
                < ($1.source.drive.key.hex, $1.source.stat.offset)
        }
        self.engine = engine
        self.report = report
        progress.filesTotal = jobs.count
        progress.bytesTotal = jobs.reduce(0) { $0 &+ $1.source.stat.size }
    }

    func run() async throws {
        for job in jobs {
            let content = try await content(of: job)
            lookAhead.add(content.blocks, of: content.feed)
        }
        lookAhead.consumed(0)
        var rest = jobs[...]
        while !rest.isEmpty {
            var size: UInt64 = 0
            let part = rest.prefix(Limits.copiedFiles).prefix { job in
                defer { size &+= job.source.stat.size }
                return size < Limits.copiedBytes
            }
            rest = rest.dropFirst(part.count)
            for job in part { try await fetch(job) }
            try await append(Array(part))
            progress.files += part.count
            report(progress)
        }
    }

    private func content(of job: CopyJob) async throws -> FileContent {
        try await engine.fetching("reading \(job.source.path)") {
            try job.source.drive.content(of: job.source.stat)
        }
    }

    /// Brings all blocks of a file here. Rot must not be signed as our own: what lay here is
    /// hashed again.
    private func fetch(_ job: CopyJob) async throws {
        let content = try await content(of: job)
        let subject = "reading \(job.source.path)"
        _ = try await onThread("verify") { try content.feed.verifyStored(content.blocks) }
        var next = content.blocks.lowerBound
        while next < content.blocks.upperBound {
            let end = min(next + Limits.copyAheadStep, content.blocks.upperBound)
            if !content.feed.hasAll(next..<end) {
                try await engine.fetch(subject, .blocks(next..<end), of: content.feed)
            }
            lookAhead.consumed(end - next)
            next = end
        }
        progress.bytes &+= content.size
        report(progress)
    }

    private func append(_ part: [CopyJob]) async throws {
        while true {
            do {
                return try await onThread("copy") { try Self.append(part) }
            } catch let missing as MissingBlocks {
                // Dropped again, to make room.
                try await engine.fetch("copying", missing.target, of: missing.feed)
            }
        }
    }

    private static func append(_ part: [CopyJob]) throws {
        guard let drive = part.first?.drive else { return }
        // All jobs of a copy go to one drive, but for drives nested in it.
        let others = part.filter { $0.drive.key != drive.key }
        let batch = try ContentBatch(drive)
        defer { batch.cancel() }
        var edits: [Drive.Edit] = []
        for job in part where job.drive.key == drive.key {
            let content = try job.source.drive.content(of: job.source.stat)
            let range = try batch.add(size: content.size) { offset, buffer in
                try content.fill(buffer, at: offset)
            }
            var stat = job.stat.with(range)
            stat.mount = nil
            edits.append(.put(path: job.path, stat: stat))
        }
        try batch.commit()
        try drive.apply(edits)
        try append(others)
    }
}

extension FileContent {
    /// Reads as much as the buffer takes. Throws `MissingBlocks`, `.corrupt`.
    fileprivate func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        let bytes = try read(at: offset, count: buffer.count)
        guard bytes.count == buffer.count else {
            throw NodeError(
                .corrupt, "a file has \(bytes.count) bytes at \(offset), not \(buffer.count)",
                hint: "tell the owner of the drive")
        }
        buffer.copyBytes(from: bytes)
    }
}
