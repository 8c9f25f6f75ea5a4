import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs diff`: what differs between two versions.
struct DiffCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show the paths that differ between two versions.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>: a key, a URL or a local name.", completion: .drive)
    var drive: String

    @Argument(help: "The older version.")
    var older: UInt64

    @Argument(help: "The newer version (default: the newest).")
    var newer: UInt64?

    func run() async throws {
        let reference = try DriveReference(drive)
        let (older, newer) = (older, newer)
        try await reading(reference) { reader, console in
            let changes = try await reader.read { drive -> [Drive.Change] in
                // Nothing of it is here: to ask for it has it fetched, or says why it cannot be.
                if drive.version == 0 { _ = try drive.log() }
                let newest = drive.version
                let last = newer ?? newest
                guard older >= 1, older <= last, last <= newest else {
                    throw NodeError(
                        .usage, "versions \(older) to \(last): the drive has 1 to \(newest)",
                        hint: "'hyperfs log' lists the versions")
                }
                return try drive.changes(from: older, to: last)
            }
            for change in changes {
                if console.isJSON {
                    console.json([
                        "type": .string(change.kind.rawValue), "path": .string(change.path),
                    ])
                } else {
                    let mark =
                        switch change.kind {
                        case .added: "+"
                        case .changed: "~"
                        case .removed: "-"
                        }
                    console.line("\(mark) \(Printable.name(change.path))")
                }
            }
        }
    }
}
