import Glibc

/// The system calls behind `FolderStorage`, all in one place: EINTR is retried, short transfers
/// are continued, and errors name the file and carry errno.
enum SystemCalls {
    /// A descriptor to read and write; `nil` = no such file and `create` gives no mode.
    static func open(_ path: String, create mode: mode_t?) throws -> Int32? {
        while true {
            let descriptor =
                if let mode {
                    Glibc.open(path, O_RDWR | O_CLOEXEC | O_CREAT, mode)
                } else {
                    Glibc.open(path, O_RDWR | O_CLOEXEC)
                }
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENOENT where mode == nil: return nil
            default: throw failure("open", path)
            }
        }
    }

    static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// Whether the folder exists now; false = the one above it is missing.
    static func makeFolder(_ path: String) throws -> Bool {
        if mkdir(path.isEmpty ? "/" : path, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT else { throw failure("make folder", path) }
        return false
    }

    static func read(
        _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer,
        path: String
    ) throws -> Int {
        guard let start = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, start + done, buffer.count - done,
                try position(offset, done, path))
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw failure("read", path)
            }
        }
        return done
    }

    static func write(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64, path: String
    ) throws {
        guard let start = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, start + done, bytes.count - done,
                try position(offset, done, path))
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw failure("write", path)
            }
        }
    }

    static func size(_ descriptor: Int32, path: String) throws -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("size of", path) }
        return UInt64(max(0, status.st_size))
    }

    static func truncate(_ descriptor: Int32, to size: UInt64, path: String) throws {
        while ftruncate(descriptor, try position(size, 0, path)) != 0 {
            guard errno == EINTR else { throw failure("truncate", path) }
        }
    }

    /// `fallocate`, which the Glibc module does not show; `nil` = this libc has none.
    private static let allocate: (@convention(c) (Int32, Int32, off_t, off_t) -> Int32)? = dlsym(
        nil, "fallocate"
    ).map {
        unsafeBitCast($0, to: (@convention(c) (Int32, Int32, off_t, off_t) -> Int32).self)
    }

    /// Does nothing where the system or the file system has no holes.
    static func punchHole(_ descriptor: Int32, _ range: Range<UInt64>, path: String) throws {
        guard !range.isEmpty, let allocate else { return }
        // FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE of linux/falloc.h.
        let mode: Int32 = 0x01 | 0x02
        let length = try position(range.upperBound - range.lowerBound, 0, path)
        let start = try position(range.lowerBound, 0, path)
        while allocate(descriptor, mode, start, length) != 0 {
            switch errno {
            case EINTR: continue
            case EOPNOTSUPP, ENOSYS: return
            default: throw failure("punch a hole into", path)
            }
        }
    }

    /// Start of the next extent that is no hole; `nil` = only holes.
    static func nextData(
        _ descriptor: Int32, from offset: UInt64, path: String
    ) throws -> UInt64? {
        // SEEK_DATA of linux/fs.h.
        let found = lseek(descriptor, try position(offset, 0, path), 3)
        if found >= 0 { return UInt64(found) }
        switch errno {
        case ENXIO: return nil
        case EINVAL: return offset < (try size(descriptor, path: path)) ? offset : nil
        default: throw failure("seek in", path)
        }
    }

    static func syncData(_ descriptor: Int32, path: String) throws {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw failure("sync", path) }
        }
    }

    /// Makes the names in a folder durable.
    static func syncFolder(_ path: String) throws {
        let descriptor = Glibc.open(path.isEmpty ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder and say so; there is nothing to be done then.
        if fsync(descriptor) != 0, errno != EINVAL { throw failure("sync", path) }
    }

    private static func position(_ offset: UInt64, _ done: Int, _ path: String) throws -> off_t {
        guard let start = off_t(exactly: offset), start <= off_t.max - off_t(done) else {
            throw FeedError(.io, "\(path): offset \(offset) is beyond any file", errno: EFBIG)
        }
        return start + off_t(done)
    }

    static func failure(_ what: String, _ path: String) -> FeedError {
        let number = errno
        return FeedError(
            .io, "cannot \(what) \(path): \(String(cString: strerror(number)))", errno: number)
    }
}
