import Glibc

/// Small files that are replaced as a whole and survive a crash.
enum DurableFile {
    /// Writes beside, syncs, renames, syncs the folder. The folder is made (0700) when missing.
    static func replace(_ path: String, with bytes: [UInt8]) throws(NodeError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw .system("cannot create \(folder)")
        }
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system("cannot write \(temporary)") }
        let failure = writeAll(bytes, to: file)
        close(file)
        if let failure { throw .system("cannot write \(temporary)", failure) }
        guard rename(temporary, path) == 0 else { throw .system("cannot replace \(path)") }
        syncFolder(folder)
    }

    /// Makes the folder above the one that a file is in (0700), when it is missing.
    static func makeFolder(of path: String) throws(NodeError) {
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let above = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        if mkdir(above, 0o700) != 0, errno != EEXIST { throw .system("cannot create \(above)") }
    }

    /// Writes everything and syncs; the errno when it fails.
    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return fsync(file) == 0 ? nil : errno
    }

    private static func syncFolder(_ folder: String) {
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        fsync(handle)
        close(handle)
    }
}
