import Foundation
import Synchronization

/// The file in which a background node writes what happens: `$XDG_STATE_HOME/hyperfs/node.log`,
/// else `~/.local/state/hyperfs/`, for root `/var/log/hyperfs/`. It is moved to `node.log.1` when
/// it has become large, and what was there is dropped.
public final class NodeLog: Sendable {
    /// Where it is; nil where no folder can be made for it.
    public static func path() -> String? {
        guard let folder = folder() else { return nil }
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return access(folder, W_OK) == 0 ? folder + "/node.log" : nil
    }

    private static func folder() -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return state + "/hyperfs"
        }
        if geteuid() == 0 { return "/var/log/hyperfs" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.local/state/hyperfs"
    }

    private let path: String?
    private let written: Mutex<Int>

    /// The log that this process has as its standard output and error.
    public init() {
        path = Self.path()
        var status = stat()
        written = Mutex(fstat(STDERR_FILENO, &status) == 0 ? Int(status.st_size) : 0)
    }

    /// Writes a line with the time and the process in front.
    public func write(_ text: String) {
        writeWhole("\(Self.stamp()) [\(getpid())] \(text)")
    }

    /// Now, as log lines have it: RFC 3339, in UTC, with milliseconds.
    public static func stamp() -> String {
        Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Writes a line as it is.
    public func writeWhole(_ text: String) {
        let line = Array("\(text)\n".utf8)
        written.withLock { written in
            if written + line.count > Limits.logBytesMax, rotate() { written = 0 }
            _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            written += line.count
        }
    }

    /// A new file under both descriptors.
    private func rotate() -> Bool {
        guard let path, rename(path, path + ".1") == 0 else { return false }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        dup2(file, STDOUT_FILENO)
        dup2(file, STDERR_FILENO)
        close(file)
        return true
    }
}
