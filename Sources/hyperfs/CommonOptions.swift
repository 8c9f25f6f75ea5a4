import ArgumentParser
import Glibc
import Logging
import Node

/// Options that every command takes (CLI.md section 2).
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where keys and blocks are kept.",
            discussion:
                "Else $HYPERFS_STORE, else $XDG_DATA_HOME/hyperfs (root: /var/lib/hyperfs).",
            valueName: "dir"))
    var store: String?

    @Flag(name: .long, help: "One JSON object per line on stdout, errors too.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say more on stderr; twice for everything.")
    var verbose: Int

    @Flag(name: .shortAndLong, help: "Say nothing on stderr but errors.")
    var quiet = false

    @Option(
        name: .long, help: ArgumentHelp("How log lines look: text or json.", valueName: "format"))
    var logFormat: LogFormat = .text

    /// Absolute.
    var storeFolder: String {
        get throws(NodeError) {
            if let store { return try Self.absolute(store) }
            if let store = Self.environment("HYPERFS_STORE") { return try Self.absolute(store) }
            if let data = Self.environment("XDG_DATA_HOME"), data.hasPrefix("/") {
                return data + "/hyperfs"
            }
            if geteuid() == 0 { return "/var/lib/hyperfs" }
            guard let home = Self.environment("HOME"), home.hasPrefix("/") else {
                throw NodeError(
                    .usage, "no place for the store: HOME is not set",
                    hint: "name one with --store DIR or HYPERFS_STORE")
            }
            return home + "/.local/share/hyperfs"
        }
    }

    func console(outlivesReader: Bool = false) -> Console {
        Console(isJSON: json, isQuiet: quiet, outlivesReader: outlivesReader)
    }

    /// Log lines on stderr: errors only, unless told otherwise.
    var logger: Logger { logger(LogLevel(logLevel(else: .error))) }

    /// Log lines on stderr.
    func logger(_ least: LogLevel) -> Logger {
        Logger(label: "hyperfs") { [logFormat] _ in LineLogHandler(least, format: logFormat) }
    }

    /// As `-v`, `-q`, or HYPERFS_LOG say.
    func logLevel(else usual: Logger.Level) -> Logger.Level {
        let named = Self.environment("HYPERFS_LOG").flatMap { Logger.Level(rawValue: $0) }
        return quiet ? .error : verbose > 1 ? .trace : verbose > 0 ? .info : named ?? usual
    }

    /// A switch of the environment: anything but nothing, 0, false and no.
    static func isSet(_ name: String) -> Bool {
        guard let value = environment(name)?.lowercased() else { return false }
        return !["0", "false", "no"].contains(value)
    }

    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// A path from the root.
    static func absolute(_ path: String) throws(NodeError) -> String {
        guard !path.isEmpty else {
            throw NodeError(.usage, "an empty path", hint: "name a folder")
        }
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else {
            throw NodeError(.failed, "the current folder is gone", hint: "cd somewhere else")
        }
        defer { free(here) }
        let folder = String(cString: here)
        return folder == "/" ? "/" + path : folder + "/" + path
    }
}
