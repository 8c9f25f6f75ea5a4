import Glibc
import Logging
import Node

/// One line per event on stderr.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { least.level }
        nonmutating set { least.level = newValue }
    }
    private let least: LogLevel
    private let format: LogFormat

    init(_ least: LogLevel, format: LogFormat) {
        self.least = least
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = (format == .text ? "hyperfs: " : "") + format.line(event) + "\n"
        Array(line.utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
