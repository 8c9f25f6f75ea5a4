import ArgumentParser
import Foundation
import Node

/// `hyperfs config`: what is set, and where.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "What the config file and the environment set.",
        subcommands: [Show.self])

    /// `hyperfs config show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every option that can be set, in the form of the config file.",
            discussion: "Options that nothing sets are shown as comments.")

        @Flag(name: .long, help: "Say where each value comes from.")
        var origin = false

        @Flag(name: .long, help: "One JSON object per line on stdout, errors too.")
        var json = false

        @Argument(help: "Only what this command takes.")
        var command: String?

        func run() throws {
            let verbs = VerbTable()
            let file = try ConfigFile.load()
            let settings = try Settings(verbs, file: file)
            let names = verbs.names.filter { command == nil || $0 == command }
            guard !names.isEmpty else {
                throw NodeError(
                    .usage, "there is no command '\(command ?? "")'", hint: "see 'hyperfs --help'")
            }
            let console = Console(isJSON: json)
            if !json {
                let path = file?.path ?? ConfigFile.paths.first ?? ""
                console.line("# \(path)\(file == nil ? " (not there)" : "")")
            }
            for verb in names {
                try show(verb, verbs.options(of: verb) ?? [:], settings, console)
            }
        }

        private func show(
            _ verb: String, _ options: [String: ToolDescription.Argument], _ settings: Settings,
            _ console: Console
        ) throws {
            let known = try settings.settings(of: verb)
            if json {
                for setting in known { console.json(object(verb, setting)) }
                return
            }
            console.line("\n[\(verb)]")
            for key in options.keys.sorted() {
                if let setting = known.first(where: { $0.key == key }) {
                    let place = origin ? "  # \(setting.origin.text)" : ""
                    console.line("\(key) = \(Self.toml(setting.value))\(place)")
                } else if let option = options[key] {
                    let value = option.kind == .flag ? "false" : option.valueName ?? "value"
                    console.line(
                        "# \(key) = \(option.kind == .flag ? value : "<\(value)>")"
                            + (origin ? "  # default" : ""))
                }
            }
        }

        private func object(_ verb: String, _ setting: Settings.Setting) -> JSONValue {
            let value: JSONValue =
                switch setting.value {
                case .flag(let isOn): .bool(isOn)
                case .words(let words): .array(words.map { .string($0) })
                }
            return [
                "command": .string(verb), "option": .string(setting.key), "value": value,
                "origin": .string(setting.origin.text),
            ]
        }

        private static func toml(_ value: ConfigFile.Value) -> String {
            switch value {
            case .flag(let isOn): return "\(isOn)"
            case .words(let words):
                let quoted = words.map { word in
                    let escaped = word.replacingOccurrences(of: "\\", with: "\\\\")
                        .replacingOccurrences(of: "\"", with: "\\\"")
                    return "\"\(escaped)\""
                }
                return quoted.count == 1 ? quoted[0] : "[\(quoted.joined(separator: ", "))]"
            }
        }
    }
}
