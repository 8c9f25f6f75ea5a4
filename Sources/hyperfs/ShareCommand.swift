import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs share`: a folder in, its key out; stays in step with the folder and serves it.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Share a folder: prints its key, follows it, serves it.",
        discussion: "The same folder has the same key every time. Ctrl-C stops sharing.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Option(name: .long, help: ArgumentHelp("A local name for the drive.", valueName: "name"))
    var name: String?

    @Flag(name: .long, help: "Import once, then only serve: do not follow the folder.")
    var once = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "File of gitignore rules in the folder (default .hyperfsignore).", valueName: "file"))
    var ignore: String?

    @Flag(name: .long, help: "Stay in the foreground (the default).")
    var foreground = false

    @Flag(name: .long, help: "No effect yet: it stays in the foreground.")
    var detach = false

    @Flag(name: .customLong("in-place"), help: "No effect yet: the store keeps its own copy.")
    var inPlace = false

    @Argument(help: "The folder.")
    var folder: String

    func validate() throws {
        guard let name, !DriveReference.isName(name) else { return }
        throw ValidationError(
            "--name '\(name)': letters, digits, '.', '-' and '_', at most 64, and not a key")
    }

    func run() async throws {
        let console = common.console(outlivesReader: true)
        let path = try CommonOptions.absolute(folder)
        try Share.check(path, store: common.storeFolder)
        let node = try await StoreNode.start(.init(try network.configuration(common)))
        node.enter()
        async let hosting: Void = node.run()
        let engine = node.engine
        do {
            let share = try Share(folder: path, name: name, ignoreFile: ignore, in: engine)
            let stopped = Gate()
            let interruption = Interruption {
                share.stop()
                stopped.open()
            }
            announce(share, engine, console)
            do {
                try await serve(share, engine, console, until: stopped)
            } catch  where interruption.signalNumber != nil {
                // The import was cut short on request; the next one goes on from here.
            }
            console.clearProgress()
        } catch {
            node.end()
            await hosting
            throw error
        }
        node.end()
        await hosting
    }

    private func announce(_ share: Share, _ engine: Engine, _ console: Console) {
        let key = share.drive.key
        if console.isJSON {
            return console.json(KeyEvent.json(key, path: share.folder))
        }
        console.line(key.hex)
        console.note("sharing \(Printable.text(share.folder)) as hyper://\(key.hex)")
        console.note("who has this key can read the folder, for good: tell it only to them")
    }

    private func serve(
        _ share: Share, _ engine: Engine, _ console: Console, until stopped: Gate
    ) async throws {
        let note: @Sendable (String) -> Void = { console.note("hyperfs: \(Printable.text($0))") }
        if !once { try share.beginWatching() }
        let meter = ProgressMeter(console, verb: "imported")
        _ = try await share.importAll(
            progress: {
                meter.show(
                    files: $0.files, of: $0.filesTotal, bytes: $0.bytes, of: $0.bytesTotal)
            }, note: note)
        meter.finish()
        ready(share, engine, console)
        if once {
            if engine.configuration.network != nil { await stopped.wait() }
            return
        }
        try await share.follow(
            changed: { paths in
                let version = share.drive.version
                if console.isJSON {
                    console.json([
                        "event": "changed", "version": .number(version),
                        "paths": .array(paths.map { .string($0) }),
                    ])
                } else {
                    let names = paths.prefix(3).map { Printable.text($0) }.joined(separator: ", ")
                    let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
                    console.note("version \(version): \(names)\(more)")
                }
            }, note: note)
    }

    private func ready(_ share: Share, _ engine: Engine, _ console: Console) {
        let addresses = engine.addresses.map(\.description)
        let version = share.drive.version
        if console.isJSON {
            return console.json([
                "event": "ready", "key": .string(share.drive.key.hex),
                "version": .number(version), "listen": .array(addresses.map { .string($0) }),
            ])
        }
        guard let address = addresses.first else {
            return console.note("imported, version \(version); the network is off")
        }
        console.note("ready, version \(version). Elsewhere:")
        guard let network = engine.configuration.network, network.mdns || network.searchesWorld
        else {
            return console.note("  hyperfs mount \(share.drive.key.hex) DIR --peer \(address)")
        }
        console.note("  hyperfs mount \(share.drive.key.hex) DIR")
        console.note("(and --peer \(address) where this machine is not found by itself)")
    }
}
