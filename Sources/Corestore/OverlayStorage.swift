import Glibc
import Hypercore
import Synchronization

/// A feed's folder that is only read: whatever the feed changes, and what it mends when it is
/// opened, stays in memory. Works on media that cannot be written.
struct OverlayStorage: FeedStorage {
    let folder: String

    /// The secret key is left out, since an append would be lost.
    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        if file == .secretKey { return nil }
        let path = folder + "/" + file.rawValue
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno != ENOENT, errno != ENOTDIR {
            throw SmallFile.failure("open", path)
        }
        guard descriptor >= 0 || create else { return nil }
        return try OverlayFile(descriptor, path: path)
    }
}

/// A file on disk under changes in memory, kept by the page.
final class OverlayFile: RandomAccessFile {
    private struct State {
        var size: UInt64
        /// Bytes of the file below that still show: a file that was cut and extended again has
        /// zeros there.
        var shown: UInt64
        var pages: [UInt64: [UInt8]] = [:]
    }

    private static let pageBytes = UInt64(OwnLimits.overlayPageBytes)
    /// Negative: there is no file below.
    private let descriptor: Int32
    private let path: String
    private let state: Mutex<State>

    init(_ descriptor: Int32, path: String) throws(StoreError) {
        self.descriptor = descriptor
        self.path = path
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) != 0 {
            let failure = SmallFile.failure("read", path)
            Glibc.close(descriptor)
            throw failure
        }
        let size = UInt64(max(0, status.st_size))
        state = Mutex(State(size: size, shown: size))
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try state.withLock { state in
            guard offset < state.size else { return 0 }
            let count = Int(min(UInt64(buffer.count), state.size - offset))
            try readBelow(
                state, at: offset, UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            guard !state.pages.isEmpty else { return count }
            Self.eachPage(offset, count) { page, start, part in
                guard let bytes = state.pages[page] else { return }
                for (i, at) in part.enumerated() { buffer[at] = bytes[start + i] }
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try state.withLock { state in
            var fresh: [UInt64] = []
            Self.eachPage(offset, bytes.count) { page, _, _ in
                if state.pages[page] == nil { fresh.append(page) }
            }
            for page in fresh {
                var content = [UInt8](repeating: 0, count: OwnLimits.overlayPageBytes)
                try content.withUnsafeMutableBytes {
                    try readBelow(state, at: page * Self.pageBytes, $0)
                }
                state.pages[page] = content
            }
            Self.eachPage(offset, bytes.count) { page, start, part in
                for (i, at) in part.enumerated() { state.pages[page]?[start + i] = bytes[at] }
            }
            state.size = max(state.size, offset + UInt64(bytes.count))
        }
    }

    func size() throws -> UInt64 { state.withLock { $0.size } }

    func truncate(to size: UInt64) throws {
        state.withLock { state in
            if size < state.size {
                state.shown = min(state.shown, size)
                let (last, kept) = size.quotientAndRemainder(dividingBy: Self.pageBytes)
                state.pages = state.pages.filter { $0.key <= last }
                for i in Int(kept)..<OwnLimits.overlayPageBytes { state.pages[last]?[i] = 0 }
            }
            state.size = size
        }
    }

    /// Memory is given back with the file.
    func punchHole(_ range: Range<UInt64>) throws {}
    func sync() throws {}
    func close() throws {}

    /// What the file below shows, and zeros behind it.
    private func readBelow(
        _ state: borrowing State, at offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let shown = offset < state.shown ? Int(min(UInt64(buffer.count), state.shown - offset)) : 0
        var done = 0
        while done < shown, let start = buffer.baseAddress {
            let count = pread(descriptor, start + done, shown - done, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SmallFile.failure("read", path) }
            if count == 0 { break }
            done += count
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Cuts a range of the file into pages: number, start within the page, positions in the range.
    private static func eachPage(
        _ offset: UInt64, _ count: Int, _ body: (UInt64, Int, Range<Int>) -> Void
    ) {
        var done = 0
        while done < count {
            let (page, start) = (offset + UInt64(done)).quotientAndRemainder(dividingBy: pageBytes)
            let part = min(count - done, OwnLimits.overlayPageBytes - Int(start))
            body(page, Int(start), done..<done + part)
            done += part
        }
    }
}
