import ArgumentParser
import Node

/// `hyperfs evict`: drops a local copy.
struct EvictCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "evict", abstract: "Drop the local copy of somebody else's file or folder.",
        discussion: "It can be read as before, and is fetched again then. What is pinned stays.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "<drive>, or <drive>/path.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let console = common.console()
        let lines = WorkLines(console, verb: "")
        let done = try await keep(
            try DriveReference(drivePath), "evict", lines
        ) { engine, pin in
            try await engine.evict(DriveReference(pin.text)).json(pin.key)
        }
        if console.isJSON { return console.json(done) }
        let pinned = done["pinned"]?.number ?? 0
        let kept = pinned > 0 ? "; \(pinned) pinned blocks stay" : ""
        console.note("freed \(Format.size(done["bytes"]?.number ?? 0))\(kept)")
    }
}
