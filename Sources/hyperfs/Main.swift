import ArgumentParser
import Glibc
import Node

/// The entry point: parses, runs, and turns every failure into words and an exit code.
@main
enum Main {
    static func main() async {
        // Broken pipes and connections are answers of write(), not deaths.
        signal(SIGPIPE, SIG_IGN)
        setlocale(LC_ALL, "")
        if MountHelper.isMeant(by: CommandLine.arguments.first ?? "") {
            await MountHelper.run(Array(CommandLine.arguments.dropFirst()))
        }
        let arguments = ArgumentOrder.verbFirst(Array(CommandLine.arguments.dropFirst()))
        let isJSON = arguments.contains("--json")
        do {
            var command = try Invocation(arguments).parse()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as NodeError {
            Console(isJSON: isJSON).fail(error)
        } catch let interruption as Interruption {
            interruption.exit()
        } catch {
            leave(error, arguments, isJSON: isJSON)
        }
    }

    /// Help, version and usage errors of the argument parser.
    private static func leave(
        _ error: any Error, _ arguments: [String], isJSON: Bool
    ) -> Never {
        let code = Hyperfs.exitCode(for: error)
        // Who throws an exit code has said all.
        if code.isSuccess || error is ExitCode { Hyperfs.exit(withError: error) }
        guard code == .validationFailure else {
            Console(isJSON: isJSON).fail(NodeError(error, while: "hyperfs"))
        }
        let verbs = Hyperfs.configuration.subcommands.flatMap {
            [$0.configuration.commandName ?? ""] + $0.configuration.aliases
        }
        let verb = arguments.first.flatMap { verbs.contains($0) ? " \($0)" : nil } ?? ""
        Console(isJSON: isJSON).fail(
            NodeError(
                .usage, message(for: error, arguments), hint: "see 'hyperfs\(verb) --help'"))
    }

    /// Every verb takes the common options: where one of them is unknown, it is the verb that is
    /// wrong, and the parser just met the option first.
    private static func message(for error: any Error, _ arguments: [String]) -> String {
        let message = Hyperfs.message(for: error)
        let common = ["--store", "--json", "--verbose", "-v", "--quiet", "-q", "--log-format"]
        guard common.contains(where: { message == "Unknown option '\($0)'" }) else {
            return message
        }
        do {
            _ = try Hyperfs.parseAsRoot(Array(arguments.prefix { !$0.hasPrefix("-") }))
            return message
        } catch {
            return Hyperfs.message(for: error)
        }
    }
}
