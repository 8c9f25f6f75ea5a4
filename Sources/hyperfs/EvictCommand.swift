import ArgumentParser
import Node

/// `hyperfs evict`: drops a local copy.
struct EvictCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "evict", abstract: "Drop the local copy of somebody else's file or folder.",
        discussion: "It can be read as before, and is fetched again then. What is pinned stays.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "<drive>, or <drive>/path.")
    var drivePath: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        try await keeping(reference, offline) { engine, pin, console in
            let outcome = try await engine.evict(reference)
            if console.isJSON { return console.json(outcome.json(pin.key)) }
            let kept = outcome.pinned > 0 ? "; \(outcome.pinned) pinned blocks stay" : ""
            console.note("freed \(Format.size(outcome.bytes))\(kept)")
        }
    }
}
