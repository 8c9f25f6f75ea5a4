import Foundation
import Node
import TestSupport
import Testing

@testable import hyperfs

/// What is set in the config file and the environment.
@Suite(.timeLimit(.minutes(1)))
struct SettingsTests {
    private func settings(
        _ text: String, _ environment: [String: String] = [:]
    ) throws -> Settings {
        try Settings(
            VerbTable(), file: ConfigFile(path: "c.toml", text: text),
            environment: environment)
    }

    private func arguments(
        _ text: String, _ environment: [String: String] = [:], for typed: String...
    ) throws -> [String] {
        try settings(text, environment).settings(of: typed[0], besides: typed)
            .flatMap(\.arguments)
    }

    @Test func aNameAtTheTopGoesToEveryVerbThatHasIt() throws {
        let text = "readahead = \"16M\"\ntimeout = 12\npeer = [\"a:1\", 'b:2']\nno_dht = true\n"
        #expect(
            try arguments(text, for: "mount") == [
                "--no-dht", "--peer=a:1", "--peer=b:2", "--readahead=16M", "--timeout=12",
            ])
        #expect(
            try arguments(text, for: "ls") == [
                "--no-dht", "--peer=a:1", "--peer=b:2", "--timeout=12",
            ])
        #expect(try arguments(text, for: "drives").isEmpty)
    }

    @Test func aSectionIsForItsVerbAndWins() throws {
        let text = "timeout = 1\n[mount]\ntimeout = 2.5\n[ls]\nl = true\n"
        #expect(try arguments(text, for: "mount") == ["--timeout=2.5"])
        #expect(try arguments(text, for: "ls") == ["-l", "--timeout=1"])
        #expect(try arguments(text, for: "cat") == ["--timeout=1"])
    }

    @Test func theCommandLineWinsOverTheEnvironmentOverTheFile() throws {
        let text = "timeout = 1\npeer = [\"a:1\", \"b:2\"]\nverbose = true\nno-dht = true\n"
        let environment = [
            "HYPERFS_TIMEOUT": "2", "HYPERFS_PEER": "c:3, d:4", "HYPERFS_NO_DHT": "0",
        ]
        #expect(
            try arguments(text, environment, for: "ls") == [
                "--peer=c:3", "--peer=d:4", "--timeout=2", "--verbose",
            ])
        #expect(
            try arguments(text, environment, for: "ls", "--timeout=3", "-qv", "--peer", "e:5")
                .isEmpty)
        // Behind it everything is a name.
        #expect(
            try arguments("timeout = 1", for: "ls", "--", "--timeout=3") == ["--timeout=1"])
    }

    @Test func whatIsTypedIsNotContradicted() throws {
        #expect(try arguments("peer = \"a:1\"", for: "ls", "--offline").isEmpty)
        #expect(try arguments("offline = true", for: "ls", "--peer", "a:1").isEmpty)
    }

    @Test(arguments: [
        ("tiemout = 1", "line 1", "did you mean 'timeout'?"),
        ("\n\n[mount]\nname = \"x\"", "line 4", "'name' is no option of 'mount'"),
        ("[mout]\nx = 1", "line 2", "no command 'mout'"),
        ("timeout = [", "line 1", "array"),
        ("timeout = [1, [2]]", "line 1", "neither text"),
        ("timeout = 2020-01-01", "line 1", "neither text"),
    ])
    func whatIsWrongIsNamedWithItsLine(text: String, line: String, words: String) {
        let error = #expect(throws: NodeError.self) { _ = try settings(text) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("c.toml, \(line)") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("no-dht = \"yes\"", "true or false"), ("timeout = true", "wants a value"),
        ("timeout = [1, 2]", "takes one value"),
    ])
    func aValueOfTheWrongKindIsRefused(text: String, words: String) throws {
        let settings = try settings(text)
        let error = #expect(throws: NodeError.self) { _ = try settings.settings(of: "mount") }
        let text = [error?.message, error?.hint].compactMap { $0 }.joined(separator: " ")
        #expect(text.contains(words))
    }

    /// Else each command would take three times as long to start.
    @Test func onlyTheVerbsThatAreNeededAreDescribed() throws {
        let verbs = VerbTable()
        let text = "timeout = 1\npeer = \"a:1\"\n[mount]\nreadahead = \"1M\"\n"
        let settings = try Settings(
            verbs, file: ConfigFile(path: "c.toml", text: text),
            environment: ["HYPERFS_NO_DHT": "1"])
        #expect(try settings.settings(of: "ls", besides: ["ls"]).count == 3)
        #expect(verbs.describedCount <= 3)
        #expect(throws: NodeError.self) {
            try Settings(verbs, file: ConfigFile(path: "c.toml", text: "tiemout = 1"))
        }
        #expect(verbs.describedCount == verbs.names.count)
    }

    @Test func aVerbDescribedAloneTakesWhatItTakesInTheWhole() throws {
        let verbs = VerbTable()
        for whole in try ToolDescription.load().command.verbs {
            let alone = try #require(try verbs.command(whole.commandName))
            #expect(alone.shownArguments == whole.shownArguments)
            #expect(alone.options == whole.options)
            #expect(
                alone.verbs.map(\.shownArguments) == whole.verbs.map(\.shownArguments))
        }
        #expect(VerbTable.name(of: "umount") == "unmount")
        #expect(VerbTable.name(of: "frob") == nil)
    }

    @Test func everyVerbAndOptionHasADescription() throws {
        let tool = try ToolDescription.load()
        let verbs = Hyperfs.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        #expect(tool.command.verbs.count == verbs.count)
        for verb in tool.command.verbs {
            #expect(verb.abstract?.isEmpty == false, "\(verb.commandName)")
            for argument in verb.shownArguments {
                #expect(
                    argument.abstract?.isEmpty == false, "\(verb.commandName) \(argument.key)")
            }
        }
    }
}

/// The same through the command.
@Suite(.timeLimit(.minutes(1)))
struct ConfigCommandTests {
    private func command(_ config: [UInt8]) throws -> Command {
        let command = try Command()
        let folder = command.home(".config/hyperfs")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try Data(config).write(to: URL(fileURLWithPath: folder + "/config.toml"))
        return command
    }

    @Test func theFileIsObeyed() throws {
        let other = try TemporaryFolder()
        let command = try command(Array("[create]\nname = \"fromfile\"\n".utf8))
        #expect(try command.run("create", "--store", other("one")).status == 0)
        let drives = try command.run("drives", "--json", "--store", other("one"))
        #expect(drives.json.first?["name"].string == "fromfile")
        #expect(try command.run("create", "--name=typed", "--store", other("two")).status == 0)
        let named = try command.run("drives", "--json", "--store", other("two"))
        #expect(named.json.first?["name"].string == "typed")
    }

    @Test func aWrongValueEndsTheCommandAndNamesThePlace() throws {
        let command = try command(Array("offline = true\ntimeout = -3\n".utf8))
        let key = String(repeating: "ab", count: 32)
        let result = try command.run("ls", key)
        #expect(result.status == 64)
        #expect(result.errors.contains("config.toml, line 2: --timeout -3"))
        #expect(try command.run("--version").status == 0)
        #expect(try command.run("ls", "--help").status == 0)
        // What is typed takes its place.
        #expect(try command.run("ls", key, "--timeout", "1").status == 2)
    }

    @Test func garbageIsRefusedInWords() throws {
        var random = SeededRandom.announced()
        let garbage = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
        for bytes in [garbage, [UInt8](repeating: 0x20, count: (1 << 20) + 1), [0x5b]] {
            let result = try command(bytes).run("drives")
            #expect(result.status == 64)
            #expect(result.errors.split(separator: "\n").count == 2)
        }
    }

    @Test func showTellsTheOrigin() throws {
        var command = try command(Array("timeout = 7\n".utf8))
        command.environment = ["HYPERFS_NO_DHT": "yes"]
        let shown = try command.run("config", "show", "mount", "--origin")
        #expect(shown.text.contains("timeout = \"7\"  # "))
        #expect(shown.text.contains("config.toml, line 1"))
        #expect(shown.text.contains("no-dht = true  # $HYPERFS_NO_DHT"))
        #expect(shown.text.contains("# readahead = <size>"))
        // What it shows is itself a config file.
        let plain = try command.run("config", "show")
        #expect(throws: Never.self) {
            try Settings(
                VerbTable(), file: ConfigFile(path: "shown", text: plain.text))
        }
        let lines = try command.run("config", "show", "mount", "--json").json
        #expect(lines.contains { $0["option"].string == "timeout" })
        #expect(try command.run("config", "show", "frob").status == 64)
    }

    @Test func aFileThatIsNamedMustBeThere() throws {
        var command = try Command()
        command.environment = ["HYPERFS_CONFIG": command.home("nowhere.toml")]
        let result = try command.run("drives")
        #expect(result.status == 64)
        #expect(result.errors.contains("nowhere.toml"))
    }
}
