import Glibc

/// Whole files that are read, appended to and replaced by path.
extension SystemCalls {
    /// The whole file; nil = it does not exist. Throws `corrupt` beyond `max` bytes.
    static func wholeFile(_ path: String, max: Int) throws -> [UInt8]? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        let size = try size(descriptor, path: path)
        guard size <= UInt64(max) else {
            throw FeedError.corrupt("\(path) is longer than \(max) bytes; restore it")
        }
        return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try read(
                descriptor, at: 0, into: UnsafeMutableRawBufferPointer(buffer), path: path)
        }
    }

    /// Writes behind the first `offset` bytes of a file, which is made if need be, and cuts off
    /// what was there. Durable on return.
    static func append(_ bytes: [UInt8], to path: String, at offset: UInt64) throws {
        let found = try open(path, create: nil)
        guard let descriptor = try found ?? open(path, create: 0o600) else {
            throw failure("make", path)
        }
        defer { close(descriptor) }
        if try size(descriptor, path: path) > offset {
            try truncate(descriptor, to: offset, path: path)
        }
        try bytes.withUnsafeBytes { try write(descriptor, $0, at: offset, path: path) }
        try syncData(descriptor, path: path)
        if found == nil { try syncFolder(folder(of: path)) }
    }

    /// Puts a new file in the place of one: a crash leaves the old one or the new one.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let temporary = path + ".new"
        try append(bytes, to: temporary, at: 0)
        guard rename(temporary, path) == 0 else { throw failure("replace", path) }
        try syncFolder(folder(of: path))
    }

    /// Removes a file if there is one. Durable on return.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 else {
            if errno == ENOENT { return }
            throw failure("remove", path)
        }
        try syncFolder(folder(of: path))
    }

    /// Fills a buffer from a regular file at `offset`. False: it is not that long, or cannot be
    /// read; why does not matter to who asks.
    static func readWhole(
        _ path: String, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) -> Bool {
        // Never waits, whatever lies there by now.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let descriptor = Glibc.open(path, flags)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return false
        }
        return (try? read(descriptor, at: offset, into: buffer, path: path)) == buffer.count
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
