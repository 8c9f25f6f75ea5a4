import Glibc

/// Files of a few bytes that are read and replaced as a whole, and survive a crash.
enum SmallFile {
    /// The whole file; `nil` = it does not exist. Throws `.damaged` when it is longer than `max`.
    static func read(_ path: String, max: Int) throws(StoreError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("read", path)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: max + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("read", path) }
            if got == 0 { break }
            count += got
        }
        guard count <= max else {
            throw StoreError(.damaged, "\(path) is longer than \(max) bytes; restore it")
        }
        return [UInt8](bytes[..<count])
    }

    /// Writes beside, syncs, renames and syncs the folder: a crash leaves the old file or the
    /// new one. `mode` is that of the new file.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(StoreError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failure("write", temporary) }
        let isWritten = writeAll(bytes, to: file) && fsync(file) == 0
        let reason = errno
        close(file)
        guard isWritten else {
            unlink(temporary)
            throw failure("write", temporary, reason)
        }
        guard rename(temporary, path) == 0 else { throw failure("replace", path) }
        try syncFolder(of: path)
    }

    /// Makes a folder and those above it, all open to their owner only.
    static func makeFolders(_ path: String) throws(StoreError) {
        if mkdir(path, 0o700) == 0 {
            return try syncFolder(of: path)
        }
        switch errno {
        case EEXIST: return
        case ENOENT:
            guard let parent = parent(of: path) else { throw failure("create", path) }
            try makeFolders(parent)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("create", path) }
            try syncFolder(of: path)
        default: throw failure("create", path)
        }
    }

    /// Makes the name of a file durable.
    private static func syncFolder(of path: String) throws(StoreError) {
        let folder = parent(of: path) ?? "."
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure("open", folder) }
        defer { close(handle) }
        // Some file systems cannot sync a folder and say so; there is nothing to be done then.
        guard fsync(handle) == 0 || errno == EINVAL else { throw failure("sync", folder) }
    }

    /// The folder a path is in; `nil` for a bare name.
    private static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// What the operating system said about a file.
    static func failure(_ what: String, _ path: String, _ number: Int32 = errno) -> StoreError {
        StoreError(
            .io, "cannot \(what) \(path): \(String(cString: strerror(number)))", errno: number)
    }
}
