import ArgumentParser
import Foundation
import Node

/// What was typed, with what is set put behind the verb.
struct Invocation {
    /// The arguments for the parser.
    let arguments: [String]
    private let verb: [String]
    private let typed: [String]
    private let settings: [Settings.Setting]

    /// - Parameter typed: the arguments, the verb first. Throws NodeError `.usage` for what is set
    ///   wrong.
    init(_ typed: [String]) throws {
        let environment = ProcessInfo.processInfo.environment
        guard let first = typed.first, Settings.mayExist(environment: environment) else {
            self.init(typed, [], [])
            return
        }
        let verbs = VerbTable()
        guard let verb = try VerbTable.name(of: first).flatMap(verbs.command) else {
            self.init(typed, [], [])
            return
        }
        let settings = try Settings(verbs, file: ConfigFile.load(), environment: environment)
        // `hyperfs key export`: options belong behind the second word.
        let inner = verb.verbs.first { $0.commandName == typed.dropFirst().first }
        let path = Array(typed.prefix(inner != nil ? 2 : 1))
        // `key list` does not take what `key import` does.
        let taken = Set((inner ?? verb).shownArguments.map(\.key))
        let all = try settings.settings(of: verb.commandName, besides: typed)
        self.init(typed, path, all.filter { taken.contains($0.key) })
    }

    private init(_ typed: [String], _ verb: [String], _ settings: [Settings.Setting]) {
        self.typed = typed
        self.verb = verb
        self.settings = settings
        arguments = Self.joined(typed, verb, settings)
    }

    private static func joined(
        _ typed: [String], _ verb: [String], _ settings: [Settings.Setting]
    ) -> [String] {
        verb + settings.flatMap(\.arguments) + typed.dropFirst(verb.count)
    }

    /// The command to run. Throws the parser's errors, and NodeError `.usage` with the place when
    /// the fault is a setting's.
    func parse() throws -> any ParsableCommand {
        do {
            return try Hyperfs.parseAsRoot(arguments)
        } catch  where Self.isFault(error) {
            guard !settings.isEmpty, (try? Hyperfs.parseAsRoot(typed)) != nil else { throw error }
            for setting in settings {
                try Self.blame(setting) {
                    _ = try Hyperfs.parseAsRoot(Self.joined(typed, verb, [setting]))
                }
            }
            throw error
        }
    }

    private static func isFault(_ error: any Error) -> Bool {
        !Hyperfs.exitCode(for: error).isSuccess
    }

    private static func blame(_ setting: Settings.Setting, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw NodeError(
                .usage, "\(setting.origin.text): \(Hyperfs.message(for: error))",
                hint: "see 'man hyperfs.toml' and 'hyperfs config show --origin'")
        }
    }
}
