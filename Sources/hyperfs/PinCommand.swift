import ArgumentParser
import Node

/// `hyperfs pin`: keeps a local copy of a file or folder.
struct PinCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Fetch a file or folder and keep the local copy.",
        discussion: """
            What is pinned is never evicted, and follows new versions while a node runs. Without \
            a path the pins are listed.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: .customLong("no-wait"), help: "Remember it; the node fetches in the background.")
    var noWait = false

    @Argument(help: "<drive> or <drive>/path.", completion: .drivePath)
    var drivePath: String?

    func run() async throws {
        guard let drivePath else { return try list() }
        let console = common.console()
        let lines = WorkLines(console, verb: "fetched")
        let noWait = noWait
        let done = try await keep(
            try DriveReference(drivePath), "pin", lines, network.configuration(common),
            more: ["noWait": .bool(noWait)]
        ) { engine, pin in
            let pinning = Pinning(pin, in: engine)
            try await pinning.remember()
            let done = noWait ? EditProgress() : try await pinning.fetch { lines.show($0) }
            return pinning.json(done)
        }
        if console.isJSON { console.json(done) }
    }

    private func list() throws {
        let console = common.console()
        for pin in try PinList.load(store: common.storeFolder) {
            if console.isJSON { console.json(pin.json()) } else { console.line(pin.text) }
        }
    }
}

/// `hyperfs unpin`: what was pinned may be evicted again.
struct UnpinCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Stop keeping the local copy of a file or folder.",
        discussion: "Nothing is dropped yet: 'hyperfs evict' does that, or the cap on the cache.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "<drive> or <drive>/path, as it was pinned.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let console = common.console()
        let lines = WorkLines(console, verb: "")
        let done = try await keep(
            try DriveReference(drivePath), "unpin", lines
        ) { engine, pin in
            try Pinning.forget(pin, store: engine.configuration.store)
            return pin.json("unpinned")
        }
        if console.isJSON { console.json(done) }
    }
}
