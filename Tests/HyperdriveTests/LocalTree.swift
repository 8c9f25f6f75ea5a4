import Foundation
import Glibc
import HyperCrypto
import TestSupport

/// A local folder to import, written and changed by path.
struct LocalTree {
    let root: String

    func path(_ name: String) -> String { root + "/" + name }

    /// Writes a file and the folders it is in. `mtime` in seconds.
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644, mtime: Int = 1_600_000_000)
        throws
    {
        try folder(name.split(separator: "/").dropLast().joined(separator: "/"))
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        chmod(path(name), mode)
        touch(name, mtime)
    }

    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path(name), withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path(name), withDestinationPath: target)
    }

    func touch(_ name: String, _ mtime: Int) {
        let times = [
            timespec(tv_sec: mtime, tv_nsec: 5_000_000),
            timespec(tv_sec: mtime, tv_nsec: 5_000_000),
        ]
        utimensat(AT_FDCWD, path(name), times, AT_SYMLINK_NOFOLLOW)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// Everything in the folder as one line each: kind, permissions, time, content.
    func lines() throws -> [String: String] {
        var lines: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            var status = stat()
            guard lstat(path(name), &status) == 0 else { continue }
            let mode = String(status.st_mode, radix: 8)
            let time = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1_000_000
            let content: String
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                content =
                    Blake2b.hash32(
                        [UInt8](FileManager.default.contents(atPath: path(name)) ?? Data())
                    ).hex
            case S_IFLNK:
                content = try FileManager.default.destinationOfSymbolicLink(atPath: path(name))
            default: content = ""
            }
            lines["/" + name] = "\(mode) \(time) \(content)"
        }
        return lines
    }
}
