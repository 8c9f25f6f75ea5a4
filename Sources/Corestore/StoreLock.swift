import Glibc

/// Holds a store for one process: `flock` on `<store>/lock`. The kernel drops it when the process
/// ends, however it ends; the text inside only tells others who it is.
final class StoreLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Takes the lock at once or throws `.locked` with the holder's name.
    init(folder: String) throws(StoreError) {
        let path = folder + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SmallFile.failure("open", path) }
        self.descriptor = descriptor
        self.path = path
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            // The descriptor is closed by deinit, also when init throws.
            guard errno == EWOULDBLOCK else { throw SmallFile.failure("lock", path) }
            throw Self.held(
                folder, by: (try? SmallFile.read(path, max: OwnLimits.lockBytesMax)) ?? [])
        }
        // Who cannot write his name still has the lock.
        let text = "pid \(getpid())\nsince \(Self.now())\n"
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.utf8.count, 0) }
    }

    deinit { close(descriptor) }

    /// Whether the store is still where it was locked: a folder that was removed, or has made room
    /// for another, cannot tell who holds it.
    var isInPlace: Bool {
        var (held, found) = (stat(), stat())
        guard fstat(descriptor, &held) == 0, stat(path, &found) == 0 else { return false }
        return held.st_dev == found.st_dev && held.st_ino == found.st_ino
    }

    private static func held(_ folder: String, by text: [UInt8]) -> StoreError {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        let holder = lines.isEmpty ? "another process" : lines.joined(separator: ", ")
        return StoreError(
            .locked,
            "the store \(folder) is in use (\(holder)); end that process, or choose another store")
    }

    /// UTC, as in 2026-11-21T14:55:00Z.
    private static func now() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) {
                $0.baseAddress.map { strftime($0, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) } ?? 0
            }
        }.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
