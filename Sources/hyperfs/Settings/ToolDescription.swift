import ArgumentParser
import Foundation

/// What the commands are and take, as the argument parser tells it: manual pages, the config file
/// and environment variables go by the definitions themselves, so that none is forgotten.
struct ToolDescription: Decodable {
    let command: Command

    struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let shouldDisplay: Bool?
        let arguments: [Argument]?
        let subcommands: [Command]?

        /// Those that a user may know of, without the parser's own `help`.
        var verbs: [Command] {
            (subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
        }

        /// What it takes and shows, without the parser's own `--help` and `--version`.
        var shownArguments: [Argument] {
            (arguments ?? []).filter {
                $0.shouldDisplay != false
                    && !($0.kind == .flag && ["help", "version"].contains($0.key))
            }
        }
    }

    struct Argument: Decodable {
        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable {
            let kind: String
            let name: String

            /// As it is typed.
            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: Kind
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let abstract: String?
        let discussion: String?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool?

        /// What the config file and the environment call it.
        var key: String { preferredName?.name ?? valueName ?? "" }
    }

    /// Of the whole command. Throws when the parser has changed its form.
    static func load() throws -> ToolDescription {
        try JSONDecoder().decode(Self.self, from: Data(Hyperfs._dumpHelp().utf8))
    }

    /// Every option of every verb, by its key.
    var optionsByVerb: [String: [String: Argument]] {
        var result: [String: [String: Argument]] = [:]
        for verb in command.verbs {
            var options: [String: Argument] = [:]
            for part in [verb] + verb.verbs {
                for argument in part.shownArguments where argument.kind != .positional {
                    options[argument.key] = argument
                }
            }
            result[verb.commandName] = options
        }
        return result
    }
}
