import ArgumentParser
import Glibc
import Node

/// `hyperfs key`: the right to write a drive.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Back the write key of a drive up, or move it.",
        discussion:
            "Use a write key in one place only: two writers destroy a drive (docs/keys.md).",
        subcommands: [KeyListCommand.self, KeyExportCommand.self, KeyImportCommand.self])
}

/// `hyperfs key list`: the drives that this store can change.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the drives that this store can change.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.console()
        let drives = try OwnDrive.list(in: common.storeFolder)
        if console.isJSON { return drives.forEach { console.json($0.json) } }
        if drives.isEmpty { console.note("no drives of your own: 'hyperfs create' makes one") }
        let width = drives.map { ($0.name ?? "").count }.max() ?? 0
        for drive in drives {
            let name = Format.left(Printable.name(drive.name ?? ""), width)
            console.line([drive.key.hex, name, drive.kind.rawValue].joined(separator: "  "))
        }
    }
}

/// `hyperfs key export`: the write key of a drive as a text.
struct KeyExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the write key of a drive to a file.",
        discussion: "Whoever has that file can change the drive: keep it as you keep a password.")

    @OptionGroup var common: CommonOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to (else stdout).", valueName: "file"))
    var output: String?

    @Flag(name: .long, help: "Replace the file; show the key on a terminal.")
    var force = false

    @Argument(help: "A key, or the name of a drive.", completion: .drive)
    var drive: String

    func run() async throws {
        guard output != nil || force || !Console.isTerminal else {
            throw NodeError(
                .usage, "the write key would be seen on this terminal",
                hint: "name a file with --output FILE, or use --force")
        }
        let key = try OwnDrive.export(try DriveReference(drive), from: common.storeFolder)
        let console = common.console()
        guard let output else { return console.write(Array(key.text.utf8)) }
        try SecretFile.write(key.text, to: output, replacing: force)
        if console.isJSON {
            console.json([
                "event": "exported", "key": .string(key.drive.hex), "path": .string(output),
                "version": .number(key.version),
            ])
        }
    }
}

/// `hyperfs key import`: a drive becomes writable here.
struct KeyImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a drive writable here, with its write key.",
        discussion: """
            First the newest version is fetched from peers, and the key is used only then. Stop \
            the writer that had it: two of them destroy the drive.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(
        name: .customLong("force-empty"),
        help: "Write on from what is here, asking nobody; only if nothing of it is elsewhere.")
    var forceEmpty = false

    @Argument(help: "A file that 'key export' wrote; '-' for standard input.", completion: .file())
    var file: String

    func run() async throws {
        let console = common.console()
        let text = try SecretFile.read(file)
        let key = try KeyFile(text)
        let outcome = try await Interruption.during {
            try await take(key, text, console)
        }
        console.clearProgress()
        if console.isJSON { return console.json(outcome) }
        let version = outcome["version"]?.number ?? 0
        console.note(
            outcome["wasOwn"]?.bool == true
                ? "drive \(key.drive.hex) is writable here already"
                : "drive \(key.drive.hex) is writable here now, from version \(version) on")
    }

    /// By the node where one runs; else here, with the store's lock for that time.
    private func take(_ key: KeyFile, _ text: String, _ console: Console) async throws -> JSONValue
    {
        let access = NodeAccess(common: common, network: network, console: console)
        let configuration = try network.configuration(common)
        let attempts = StoreAttempts()
        while true {
            if let client = try await access.running() {
                return try await NodeReplacement(access).importing(by: client, body(text))
            }
            do {
                let importing = KeyImport(key, into: configuration, isForced: forceEmpty) {
                    console.progress($0)
                }
                return try await importing.run().json(key.drive)
            } catch let error as NodeError where error.code == .storeLocked {
                try await attempts.again(after: error)
            }
        }
    }

    private func body(_ text: String) -> JSONValue {
        let body: JSONValue = [
            "key": .string(text), "forceEmpty": .bool(forceEmpty),
            "peers": .array(network.peer.map { .string($0) }),
        ]
        guard let patience = network.patience else { return body }
        return body.adding(["timeoutMilliseconds": .number(patience.milliseconds)])
    }
}
