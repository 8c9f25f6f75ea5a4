import Hypercore
import Synchronization

/// A storage whose syncs fail while it is broken, and nothing else.
final class SyncFailure: FeedStorage {
    let isBroken = Mutex(false)
    private let base: any FeedStorage

    init(_ base: any FeedStorage) { self.base = base }

    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        try base.open(file, create: create).map { File(base: $0, owner: self) }
    }

    struct File: RandomAccessFile {
        let base: any RandomAccessFile
        let owner: SyncFailure

        func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            try base.read(at: offset, into: buffer)
        }
        func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
            try base.write(bytes, at: offset)
        }
        func size() throws -> UInt64 { try base.size() }
        func truncate(to size: UInt64) throws { try base.truncate(to: size) }
        func punchHole(_ range: Range<UInt64>) throws { try base.punchHole(range) }
        func sync() throws {
            if owner.isBroken.withLock({ $0 }) { throw FeedError(.io, "sync fails", errno: 5) }
            try base.sync()
        }
        func close() throws { try base.close() }
    }
}
