import Glibc
import Synchronization

/// Where bytes wait that were written and not committed: in memory while they are few, else in
/// files without a name, which the system takes away with the process, however that ends.
final class StagingArea: Sendable {
    private struct State: Sendable {
        /// Bytes that wait, in memory and in files.
        var held: UInt64 = 0
        /// Bytes that wait in memory.
        var inMemory = 0
        /// Free bytes of the disk when it was last asked.
        var free: UInt64 = 0
        /// Bytes that came since.
        var sinceAsked: UInt64 = .max
    }

    private let folder: String
    private let state = Mutex(State())

    /// `folder`: on the disk that the drive's blocks are on; made when it is needed.
    init(folder: String) { self.folder = folder }

    /// Bytes that wait now.
    var heldBytes: UInt64 { state.withLock { $0.held } }

    /// Refuses what would not fit on the disk twice: once here, once in the drive.
    func reserve(_ count: UInt64) throws(PosixError) {
        let mayStay = state.withLock { state -> Bool in
            let isFresh =
                state.sinceAsked < Limits.spaceCheckBytes && count < Limits.spaceCheckBytes
                && state.free > state.held + 4 * Limits.spaceCheckBytes + Limits.spaceKeptBytes
            if isFresh {
                state.sinceAsked += count
            } else {
                state.free = freeBytes()
                state.sinceAsked = 0
            }
            let (needed, overflow) = count.multipliedReportingOverflow(by: 2)
            return !overflow && state.free >= Limits.spaceKeptBytes
                && state.free - Limits.spaceKeptBytes >= state.held
                && state.free - Limits.spaceKeptBytes - state.held >= needed
        }
        guard mayStay else { throw PosixError(ENOSPC, "no space for what is being written") }
    }

    private func freeBytes() -> UInt64 {
        var status = statvfs()
        var path = folder
        // The folder itself may not be there yet.
        while statvfs(path, &status) != 0 {
            guard errno == ENOENT, path != "/", !path.isEmpty else { return .max / 2 }
            path = Place.split(path).folder
        }
        return UInt64(status.f_bavail) &* UInt64(status.f_frsize)
    }

    /// Notes bytes that wait, or that wait no longer.
    func count(held: Int64, inMemory: Int) {
        state.withLock { state in
            state.held =
                held < 0 ? state.held - min(state.held, held.magnitude) : state.held + UInt64(held)
            state.inMemory += inMemory
        }
    }

    /// Whether so many more bytes may wait in memory.
    func hasMemory(_ count: Int) -> Bool {
        state.withLock { $0.inMemory + count <= Limits.stagedMemoryBytes }
    }

    /// A file without a name.
    func makeFile() throws(PosixError) -> StagingFile {
        var descriptor: Int32 = -1
        if makeFolder(folder) {
            descriptor = open(folder, Self.temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor < 0, [EOPNOTSUPP, EISDIR, EINVAL].contains(errno) {
                // A disk that cannot do without a name.
                var name = Array((folder + "/written-XXXXXX").utf8CString)
                descriptor = mkstemp(&name)
                if descriptor >= 0 { unlink(name) }
            }
        }
        if descriptor >= 0 { return StagingFile(descriptor) }
        throw PosixError(errno == ENOSPC ? ENOSPC : EIO, "no file can be made in \(folder)")
    }

    private func makeFolder(_ path: String) -> Bool {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
        let parent = Place.split(path).folder
        guard errno == ENOENT, parent != path, makeFolder(parent) else { return false }
        return mkdir(path, 0o700) == 0 || errno == EEXIST
    }

    /// Linux's O_TMPFILE, which Glibc's module leaves out.
    private static let temporaryFile: Int32 = 0o20000000 | O_DIRECTORY
}

/// A file without a name, gone with its last user.
final class StagingFile: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PosixError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(
                descriptor, rest.baseAddress, rest.count, off_t(clamping: offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw PosixError(errno == ENOSPC ? ENOSPC : EIO, "writing to the staging file")
            }
            done += count
        }
    }

    /// What the file does not have is zero.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(PosixError) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(
                descriptor, rest.baseAddress, rest.count, off_t(clamping: offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PosixError(EIO, "reading from the staging file") }
            if count == 0 {
                rest.initializeMemory(as: UInt8.self, repeating: 0)
                return
            }
            done += count
        }
    }
}
