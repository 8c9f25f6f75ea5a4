import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs log`: what each version changed.
struct LogCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show the versions of a drive: what changed in each.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>: a key, a URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let reference = try DriveReference(drive)
        try await reading(reference) { reader, console in
            let entries = try await reader.read { try $0.log() }
            if console.isJSON {
                for entry in entries {
                    console.json([
                        "version": .number(entry.version), "type": .string(entry.type),
                        "path": .string(entry.path), "size": .number(entry.size),
                    ])
                }
                return
            }
            let width = entries.last.map { "\($0.version)".count } ?? 0
            for entry in entries {
                let size = entry.type == "put" ? Format.size(entry.size) : ""
                console.line(
                    [
                        Format.right("\(entry.version)", width), Format.left(entry.type, 7),
                        Format.right(size, 10), Printable.name(entry.path),
                    ].joined(separator: "  "))
            }
        }
    }
}
