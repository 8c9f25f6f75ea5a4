import Foundation
import Glibc
import HyperCrypto
import Hypercore

/// A piece of a file that a worker reads and hashes: a whole small file, or a part of a large one.
///
/// `@unchecked Sendable`: a worker writes the result before it marks the job done under the pool's
/// lock; the importer looks at it after that.
final class ReadJob: @unchecked Sendable {
    /// What is read.
    enum Source {
        /// A file by name, opened and closed by the worker.
        case whole(LocalFolder, name: String)
        /// A part of an open file.
        case part(LocalFile, offset: UInt64)
    }

    /// What came of it.
    struct Outcome {
        /// The blocks of the piece, one behind the other.
        var bytes: UnsafeMutableRawBufferPointer
        var count: Int
        /// A leaf hash for each block.
        var leaves: [Bytes32]
        /// What the disk said before the first byte was read; of whole files only.
        var info: LocalFolder.Info?
        /// The file was another one after it was read than before.
        var isUnsettled = false
        /// The drive has the same bytes already.
        var isSame = false
    }

    let source: Source
    /// Bytes to read at most.
    let capacity: Int
    /// What the drive has, to compare with.
    let previous: FileContent?
    private let buffer: UnsafeMutableRawBufferPointer
    fileprivate(set) var outcome: Result<Outcome, any Error>?
    fileprivate var isDone = false

    init(_ source: Source, capacity: Int, previous: FileContent? = nil) {
        self.source = source
        self.capacity = capacity
        self.previous = previous
        // One byte more tells whether a file has grown.
        buffer = .allocate(byteCount: max(1, capacity + 1), alignment: 64)
    }

    deinit { buffer.deallocate() }

    fileprivate func run() { outcome = Result { try work() } }

    private func work() throws -> Outcome {
        switch source {
        case .part(let file, let offset):
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<capacity])
            return hashed(try file.read(at: offset, into: part))
        case .whole(let folder, let name):
            for attempt in 1... {
                let file = try folder.file(name)
                let before = try file.info()
                guard before.kind == .file else { throw LocalFault(ENOENT) }
                let count = try file.read(at: 0, into: buffer)
                let isSettled = try file.info().isUnchanged(from: before) && count <= capacity
                guard isSettled || attempt == OwnLimits.readAgainMax else { continue }
                var outcome = hashed(min(count, capacity))
                outcome.info = before
                outcome.isUnsettled = !isSettled
                outcome.isSame = isSettled && isSame(outcome)
                return outcome
            }
            throw LocalFault(EAGAIN)
        }
    }

    private func hashed(_ count: Int) -> Outcome {
        let leaves = stride(from: 0, to: count, by: OwnLimits.blockBytes).map { start in
            TreeHash.leaf(
                UnsafeRawBufferPointer(
                    rebasing: buffer[start..<min(count, start + OwnLimits.blockBytes)]))
        }
        return Outcome(bytes: buffer, count: count, leaves: leaves)
    }

    /// What cannot be compared counts as different.
    private func isSame(_ outcome: Outcome) -> Bool {
        guard let previous, previous.size == UInt64(outcome.count) else { return false }
        if previous.isCutEvenly {
            return previous.matches(outcome.leaves, from: previous.blocks.lowerBound)
        }
        guard let old = try? previous.read(at: 0, count: outcome.count) else { return false }
        return outcome.bytes.starts(with: old, count: outcome.count)
    }
}

/// Threads that read and hash. The importer puts jobs in and takes them out in the same order.
///
/// `@unchecked Sendable`: everything that changes is touched under the condition's lock.
final class ReadPool: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [ReadJob] = []
    private var isEnded = false
    /// Jobs that a thread takes at once: small files are done faster than a lock changes hands.
    private static let jobsAtOnce = 8

    init(threads: Int) {
        for _ in 0..<max(1, threads) {
            let thread = Thread { [self] in work() }
            thread.name = "hyperfs-import"
            thread.start()
        }
    }

    func submit(_ job: ReadJob) {
        condition.lock()
        waiting.append(job)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until a job that was submitted is done.
    func wait(for job: ReadJob) -> Result<ReadJob.Outcome, any Error> {
        condition.lock()
        while !job.isDone { condition.wait() }
        condition.unlock()
        return job.outcome ?? .failure(LocalFault(EIO))
    }

    /// Lets the threads end; jobs that nobody took are dropped.
    func end() {
        condition.lock()
        isEnded = true
        waiting = []
        condition.broadcast()
        condition.unlock()
    }

    private func work() {
        condition.lock()
        defer { condition.unlock() }
        while true {
            while waiting.isEmpty, !isEnded { condition.wait() }
            if isEnded { return }
            // Not more than a fair share, or the other threads would have nothing to do.
            let count = min(Self.jobsAtOnce, max(1, waiting.count / 4))
            let jobs = waiting.prefix(count)
            waiting.removeFirst(count)
            condition.unlock()
            for job in jobs { job.run() }
            condition.lock()
            for job in jobs { job.isDone = true }
            condition.broadcast()
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Whether the first `count` bytes are those.
    func starts(with bytes: [UInt8], count: Int) -> Bool {
        guard bytes.count == count, count <= self.count, let start = baseAddress else {
            return count == 0 && bytes.isEmpty
        }
        return bytes.withUnsafeBytes {
            $0.baseAddress.map { memcmp($0, start, count) == 0 } ?? true
        }
    }
}
