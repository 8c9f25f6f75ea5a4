import Hypercore
import Synchronization

/// Files in memory that keep only the 4 KiB pieces that were written.
final class SparseStorage: FeedStorage {
    private let files = Mutex<[FeedFile: SparseFile]>([:])

    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        files.withLock { files in
            if let found = files[file] { return found }
            guard create else { return nil }
            let new = SparseFile()
            files[file] = new
            return new
        }
    }
}

final class SparseFile: RandomAccessFile {
    private struct State {
        var pieces: [UInt64: [UInt8]] = [:]
        var size: UInt64 = 0
    }

    private let state = Mutex(State())

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        state.withLock { state in
            guard offset < state.size else { return 0 }
            let count = min(buffer.count, Int(state.size - offset))
            for i in 0..<count {
                let at = offset + UInt64(i)
                buffer[i] = state.pieces[at >> 12]?[Int(at & 4095)] ?? 0
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        state.withLock { state in
            for (i, byte) in bytes.enumerated() {
                let at = offset + UInt64(i)
                state.pieces[at >> 12, default: [UInt8](repeating: 0, count: 4096)][
                    Int(at & 4095)] = byte
            }
            state.size = max(state.size, offset + UInt64(bytes.count))
        }
    }

    func size() throws -> UInt64 { state.withLock { $0.size } }
    func truncate(to size: UInt64) throws { state.withLock { $0.size = size } }
    func punchHole(_ range: Range<UInt64>) throws {}
    func sync() throws {}
    func close() throws {}

    func nextData(from offset: UInt64) throws -> UInt64? {
        state.withLock { state in
            state.pieces.keys.filter { ($0 + 1) << 12 > offset }.min().map { max($0 << 12, offset) }
        }
    }
}
