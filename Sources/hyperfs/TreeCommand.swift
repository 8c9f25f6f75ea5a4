import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs tree`: everything below a folder, nested drives included.
struct TreeCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree", abstract: "Show everything below a folder of a drive.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive> or <drive>/path.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        try await reading(reference) { reader, console in
            let top = try await entry(reference, reader)
            let path = reference.path
            let records: [EntryRecord] =
                if top.stat.kind == .directory {
                    try await reader.read {
                        try $0.everything(path, enterMounts: true).map(EntryRecord.init)
                    }
                } else {
                    [EntryRecord(top)]
                }
            if console.isJSON { return records.forEach { console.json($0.json) } }
            console.line(Printable.name(reference.description))
            let drawing = TreeDrawing(records, below: path)
            drawing.lines.forEach(console.line)
            console.note(drawing.summary)
        }
    }
}
