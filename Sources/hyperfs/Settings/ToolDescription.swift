import ArgumentParser
import Foundation

/// What the commands are and take, as the argument parser tells it: manual pages, the config file
/// and environment variables go by the definitions themselves, so that none is forgotten.
struct ToolDescription: Decodable, Equatable {
    let command: Command

    struct Command: Decodable, Equatable {
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

    struct Argument: Decodable, Equatable {
        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable, Equatable {
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

    /// Of the whole command, or of a verb alone. Throws when the parser has changed its form.
    static func load(_ command: any ParsableCommand.Type = Hyperfs.self) throws -> Self {
        try JSONDecoder().decode(Self.self, from: Data(command._dumpHelp().utf8))
    }
}

extension ToolDescription.Command {
    /// Every option of it and of the verbs below it, by its key.
    var options: [String: ToolDescription.Argument] {
        var options: [String: ToolDescription.Argument] = [:]
        for part in [self] + verbs {
            for argument in part.shownArguments where argument.kind != .positional {
                options[argument.key] = argument
            }
        }
        return options
    }
}
