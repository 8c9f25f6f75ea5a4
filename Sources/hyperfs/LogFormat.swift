import ArgumentParser
import Logging
import Node

/// How log lines look, on stderr and in the node's log.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    /// `level: message`
    case text
    /// `{"time":"...","level":"...","message":"..."}`
    case json

    /// One event without its line end; nothing in it moves a cursor or gives a key away.
    func line(_ event: LogEvent) -> String {
        let message = Self.withoutKeys("\(event.message)")
        switch self {
        case .text: return "\(event.level): \(Printable.text(message))"
        case .json:
            let object: JSONValue = [
                "time": .string(NodeLog.stamp()), "level": .string(event.level.rawValue),
                "message": .string(message),
            ]
            return String(decoding: object.text, as: UTF8.self)
        }
    }

    /// Whoever reads a log must not be able to read the drives that it is about: of what looks like
    /// a key, eight digits stay.
    static func withoutKeys(_ text: String) -> String {
        text.replacing(/[0-9a-zA-Z]{52,}/) { "\($0.output.prefix(8))..." }
    }
}
