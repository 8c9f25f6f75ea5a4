import Glibc
import HyperCrypto

/// A local folder that foreign entries are written into. Every step goes through folder handles
/// without following a single symlink: nothing of a drive can lead outside.
final class DestinationFolder {
    /// For messages.
    let path: String
    private let root: Int32
    /// The folder of the last entry: neighbors come one after another.
    private var last: (path: [String], handle: Int32)?

    /// Opens the folder; its parent must exist, itself it is made when missing.
    init(_ path: String) throws(NodeError) {
        self.path = path
        if mkdir(path, 0o777) != 0, errno != EEXIST { throw .system("cannot create \(path)") }
        root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw .system("cannot write to \(path)") }
    }

    deinit {
        if let last { close(last.handle) }
        close(root)
    }

    /// Where an entry goes: a folder handle, good until the next call, and a name.
    struct Place {
        let folder: Int32
        let name: String
        /// For messages.
        let path: String
    }

    /// Throws for names that no entry may have, and where a symlink or file stands in the way.
    func place(_ components: [String]) throws(NodeError) -> Place {
        let shown = path + "/" + components.joined(separator: "/")
        guard let name = components.last, components.allSatisfy(Self.isName) else {
            throw NodeError(.failed, "\(shown): not a file name", hint: "the entry was left out")
        }
        let parent = Array(components.dropLast())
        if let last, last.path == parent {
            return Place(folder: last.handle, name: name, path: shown)
        }
        var handle = dup(root)
        for part in parent {
            let next = openat(handle, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let reason = errno
            close(handle)
            guard next >= 0 else { throw .system("cannot write \(shown)", reason) }
            handle = next
        }
        if let last { close(last.handle) }
        last = (parent, handle)
        return Place(folder: handle, name: name, path: shown)
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && !name.utf8.contains(0) && !name.utf8.contains(UInt8(ascii: "/"))
    }
}

extension DestinationFolder.Place {
    /// Size and time of what stands there; `nil` for nothing, or no regular file.
    var regularFile: (size: UInt64, mtimeMilliseconds: UInt64)? {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0, status.st_mtim.tv_sec >= 0
        else { return nil }
        let milliseconds =
            UInt64(status.st_mtim.tv_sec) &* 1000 + UInt64(status.st_mtim.tv_nsec) / 1_000_000
        return (UInt64(status.st_size), milliseconds)
    }

    /// Makes a folder; one that stands there is fine. Ours to write until `finishFolder`.
    func makeFolder() throws(NodeError) {
        if mkdirat(folder, name, 0o777) == 0 { return }
        guard errno == EEXIST else { throw .system("cannot create \(path)") }
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFDIR
        else { throw .system("cannot create \(path)", ENOTDIR) }
    }

    /// Mode and time of a folder, once everything is in it.
    func finishFolder(mode: UInt32, mtimeMilliseconds: UInt64) throws(NodeError) {
        let handle = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard handle >= 0 else { throw .system("cannot change \(path)") }
        defer { close(handle) }
        try apply(mode: mode, mtimeMilliseconds: mtimeMilliseconds, to: handle)
    }

    /// A new, empty file under a temporary name.
    func beginFile() throws(NodeError) -> Int32 {
        unlinkat(folder, temporaryName, 0)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let handle = openat(folder, temporaryName, flags, 0o600)
        guard handle >= 0 else { throw .system("cannot write \(path)") }
        return handle
    }

    /// Gives the finished file its mode, time and name. Closes the handle.
    func finishFile(_ handle: Int32, mode: UInt32, mtimeMilliseconds: UInt64) throws(NodeError) {
        defer { close(handle) }
        try apply(mode: mode, mtimeMilliseconds: mtimeMilliseconds, to: handle)
        guard renameat(folder, temporaryName, folder, name) == 0 else {
            throw .system("cannot write \(path)")
        }
    }

    /// Removes an unfinished file. Closes the handle.
    func cancelFile(_ handle: Int32) {
        close(handle)
        unlinkat(folder, temporaryName, 0)
    }

    /// A symlink with this text, whatever it says.
    func makeSymlink(to target: String) throws(NodeError) {
        unlinkat(folder, temporaryName, 0)
        guard symlinkat(target, folder, temporaryName) == 0,
            renameat(folder, temporaryName, folder, name) == 0
        else {
            let reason = errno
            unlinkat(folder, temporaryName, 0)
            throw .system("cannot create the symlink \(path)", reason)
        }
    }

    /// Short whatever the name's length, and the same in the next run.
    private var temporaryName: String {
        ".hyperfs-\(Blake2b.hash32(Array(name.utf8)).hex.prefix(16)).part"
    }

    /// Set-id and sticky bits of foreign drives never reach a local disk.
    private func apply(
        mode: UInt32, mtimeMilliseconds time: UInt64, to handle: Int32
    ) throws(NodeError) {
        guard fchmod(handle, mode & 0o777) == 0 else { throw .system("cannot change \(path)") }
        let seconds = Int(clamping: time / 1000)
        let stamp = timespec(tv_sec: seconds, tv_nsec: Int(time % 1000) * 1_000_000)
        let times = [timespec(tv_sec: 0, tv_nsec: Int(UTIME_OMIT_VALUE)), stamp]
        guard futimens(handle, times) == 0 else { throw .system("cannot change \(path)") }
    }
}

/// UTIME_OMIT, a macro that Swift does not see.
private let UTIME_OMIT_VALUE = 0x3FFF_FFFE
