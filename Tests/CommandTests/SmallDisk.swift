import Foundation
import TestSupport
import Testing

/// A file system of a few megabytes; needs root.
struct SmallDisk {
    let path: String

    /// nil, after saying so, where it cannot be had.
    init?(at path: String, megabytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            let reason = String(cString: strerror(errno))
            #expect(!ProcessEnvironment.isCI, "no tmpfs (\(reason)): full disks cannot be tested")
            return nil
        }
    }

    func unmount() { _ = umount2(path, Int32(MNT_DETACH)) }
}
