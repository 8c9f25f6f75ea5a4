import Glibc

/// A folder of the local disk, held open: what is in it is reached by name from here, so that
/// nobody can slip a link into the way. Closed with the last reference.
final class LocalFolder: Sendable {
    let descriptor: Int32

    /// What the disk says about an entry.
    struct Info: Sendable, Equatable {
        let mode: UInt32
        let size: UInt64
        /// Milliseconds since 1970, at least 1: older readers take 0 for "now".
        let mtime: UInt64
        let device: UInt64
        let inode: UInt64
        /// Changes whenever anything about the file does; nanoseconds.
        let stamp: UInt64

        init(_ status: stat) {
            mode = status.st_mode
            size = UInt64(max(0, status.st_size))
            let milliseconds = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1_000_000
            mtime = UInt64(max(1, milliseconds))
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            stamp = UInt64(
                truncatingIfNeeded: status.st_ctim.tv_sec &* 1_000_000_000
                    &+ status.st_ctim.tv_nsec)
        }

        var kind: Stat.Kind { Stat(mode: mode).kind }
        var permissions: UInt32 { mode & 0o7777 }

        /// Whether it is the same entry, with the same content as far as the disk can tell.
        func isUnchanged(from other: Info) -> Bool {
            inode == other.inode && device == other.device && size == other.size
                && stamp == other.stamp
        }
    }

    init(path: String) throws(DriveError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open folder", path, errno) }
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// A folder in this one; the errno when it cannot be opened or is a link.
    func folder(_ name: String) throws(LocalFault) -> LocalFolder {
        let found = openat(
            descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard found >= 0 else { throw LocalFault(errno) }
        return LocalFolder(descriptor: found)
    }

    /// A regular file in this folder, open to be read. Never waits, whatever it turns out to be.
    func file(_ name: String) throws(LocalFault) -> LocalFile {
        let found = openat(
            descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard found >= 0 else { throw LocalFault(errno) }
        return LocalFile(descriptor: found)
    }

    /// What an entry is, links not followed.
    func info(_ name: String) throws(LocalFault) -> Info {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw LocalFault(errno)
        }
        return Info(status)
    }

    /// What this folder is.
    func info() throws(LocalFault) -> Info {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LocalFault(errno) }
        return Info(status)
    }

    /// Where a link leads, as it is written; `nil` = not as text.
    func target(_ name: String) throws(LocalFault) -> String? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: SpecLimits.linkBytesMax + 1) {
            buffer, initialized in
            count = buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlinkat(descriptor, name, $0, text.count) } ?? -1
            }
            initialized = max(0, count)
        }
        guard count >= 0 else { throw LocalFault(errno) }
        guard count <= SpecLimits.linkBytesMax else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The names in the folder, sorted by their bytes, and how many are not text.
    func names() throws(LocalFault) -> (names: [String], unreadable: Int) {
        // The stream owns its descriptor, and moves its position.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw LocalFault(errno) }
        guard let stream = fdopendir(own) else {
            let fault = LocalFault(errno)
            close(own)
            throw fault
        }
        defer { closedir(stream) }
        var names: [String] = []
        var unreadable = 0
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name {
                if name != ".", name != ".." { names.append(name) }
            } else {
                unreadable += 1
            }
            errno = 0
        }
        guard errno == 0 else { throw LocalFault(errno) }
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return (names, unreadable)
    }
}

/// An open file of the local disk, closed with the last reference.
final class LocalFile: Sendable {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    func info() throws(LocalFault) -> LocalFolder.Info {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LocalFault(errno) }
        return LocalFolder.Info(status)
    }

    /// Reads until the buffer is full or the file ends; how many bytes.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(LocalFault)
        -> Int
    {
        guard let start = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, start + done, buffer.count - done,
                off_t(clamping: offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LocalFault(errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }
}

/// What the operating system said about one entry.
struct LocalFault: Error {
    let errno: Int32
    init(_ errno: Int32) { self.errno = errno }
    /// The entry went away: nothing worth telling.
    var isGone: Bool { errno == ENOENT || errno == ENOTDIR }
    var text: String { String(cString: strerror(errno)) }
}
