import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs cat`: a file's bytes on stdout.
struct CatCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write a file of a drive to standard output.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>/path of a file.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        try await reading(reference) { reader, console in
            let entry = try await entry(reference, reader)
            guard entry.stat.kind == .file else {
                let what = entry.stat.kind == .directory ? "a folder" : "not a file"
                throw NodeError(
                    .failed, "\(reference.path) is \(what)", hint: "name a file; 'hyperfs ls' lists"
                )
            }
            try await reader.stream(entry) { console.write($0) }
        }
    }
}
