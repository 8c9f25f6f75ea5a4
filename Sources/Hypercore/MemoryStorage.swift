import Glibc
import Synchronization

/// A feed's files in memory: for tests, and for feeds that nobody wants to keep.
public final class MemoryStorage: FeedStorage {
    private let files = Mutex<[FeedFile: MemoryFile]>([:])

    /// No file exists yet.
    public init() {}

    /// The same file for each call; closing it does nothing.
    public func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        files.withLock { files in
            if let found = files[file] { return found }
            guard create else { return nil }
            let new = MemoryFile()
            files[file] = new
            return new
        }
    }

    /// What a file holds; `nil` = there is none.
    public func contents(of file: FeedFile) -> [UInt8]? {
        files.withLock { $0[file] }?.contents
    }

    /// Puts a file there, or takes it away.
    public func setContents(_ bytes: [UInt8]?, of file: FeedFile) {
        files.withLock { $0[file] = bytes.map(MemoryFile.init) }
    }
}

/// One file in memory.
final class MemoryFile: RandomAccessFile {
    private let bytes: Mutex<[UInt8]>

    init(_ bytes: [UInt8] = []) { self.bytes = Mutex(bytes) }

    var contents: [UInt8] { bytes.withLock { $0 } }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        bytes.withLock { bytes in
            guard offset < UInt64(bytes.count) else { return 0 }
            let start = Int(offset)
            let count = min(buffer.count, bytes.count - start)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            return count
        }
    }

    func write(_ new: UnsafeRawBufferPointer, at offset: UInt64) throws {
        guard !new.isEmpty else { return }
        let end = try Self.end(offset, new.count)
        bytes.withLock { bytes in
            Self.extend(&bytes, to: end)
            bytes.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[Int(offset)..<end])
                    .copyMemory(from: new)
            }
        }
    }

    func size() throws -> UInt64 { bytes.withLock { UInt64($0.count) } }

    func truncate(to size: UInt64) throws {
        let size = try Self.end(size, 0)
        bytes.withLock { bytes in
            if size < bytes.count {
                bytes.removeLast(bytes.count - size)
            } else {
                Self.extend(&bytes, to: size)
            }
        }
    }

    func punchHole(_ range: Range<UInt64>) throws {
        bytes.withLock { bytes in
            let all = 0..<UInt64(bytes.count)
            let hole = range.clamped(to: all)
            bytes.withUnsafeMutableBytes {
                let part = $0[Int(hole.lowerBound)..<Int(hole.upperBound)]
                Self.clear(UnsafeMutableRawBufferPointer(rebasing: part))
            }
        }
    }

    func sync() throws {}
    func close() throws {}

    private static func extend(_ bytes: inout [UInt8], to end: Int) {
        guard bytes.count < end else { return }
        let missing = end - bytes.count
        bytes += [UInt8](unsafeUninitializedCapacity: missing) { buffer, count in
            clear(UnsafeMutableRawBufferPointer(buffer))
            count = missing
        }
    }

    /// A debug build goes through `repeatElement` byte by byte: most of what simulations took.
    private static func clear(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress else { return }
        memset(start, 0, buffer.count)
    }

    /// Memory is not sparse: an offset far out would cost what it says.
    private static func end(_ offset: UInt64, _ count: Int) throws -> Int {
        guard let start = Int(exactly: offset), start < 1 << 36 else {
            throw FeedError(.io, "offset \(offset) is too far out for a file in memory")
        }
        return start + count
    }
}
