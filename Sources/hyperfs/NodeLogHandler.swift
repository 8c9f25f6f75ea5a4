import Logging
import Node

/// Log lines of a background node: level and message, with the time in front.
struct NodeLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    let log: NodeLog

    init(log: NodeLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        log.write("\(event.level): \(Printable.text("\(event.message)"))")
    }
}
