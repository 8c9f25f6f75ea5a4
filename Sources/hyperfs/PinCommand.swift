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

    @Argument(help: "<drive> or <drive>/path.")
    var drivePath: String?

    func run() async throws {
        guard let drivePath else { return try list() }
        let reference = try DriveReference(drivePath)
        let noWait = noWait
        try await keeping(reference, network.configuration(common)) { engine, pin, console in
            let pinning = Pinning(pin, in: engine)
            try await pinning.remember()
            var done = EditProgress()
            if !noWait {
                let meter = ProgressMeter(console, verb: "fetched")
                defer { meter.finish() }
                done = try await pinning.fetch { progress in
                    meter.show(
                        files: progress.files, of: progress.filesTotal, bytes: progress.bytes,
                        of: progress.bytesTotal)
                }
            }
            guard console.isJSON else { return }
            console.json(
                pin.json("pinned").adding([
                    "files": .number(UInt64(done.files)), "bytes": .number(done.bytes),
                ]))
        }
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

    @Argument(help: "<drive> or <drive>/path, as it was pinned.")
    var drivePath: String

    func run() async throws {
        let store = try common.storeFolder
        let reference = try DriveReference(drivePath)
        let key = try reference.key(store: store)
        let pin = Pin(key, version: reference.version, path: reference.path)
        try Pinning.forget(pin, store: store)
        let console = common.console()
        if console.isJSON { console.json(pin.json("unpinned")) }
    }
}
