import Logging
import Node

/// Log lines of a background node: in the text form with the time in front.
struct NodeLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { least.level }
        nonmutating set { least.level = newValue }
    }
    private let log: NodeLog
    private let least: LogLevel
    private let format: LogFormat

    init(log: NodeLog, _ least: LogLevel, format: LogFormat) {
        self.log = log
        self.least = least
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = format.line(event)
        if format == .json { log.writeWhole(line) } else { log.write(line) }
    }
}
