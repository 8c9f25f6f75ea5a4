import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs ls`: the entries of a folder, sorted by name.
struct ListCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List a folder of a drive without mounting it.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: .customShort("l"), help: "Mode, size, how much is cached, time, name.")
    var isLong = false

    @Argument(help: "<drive> or <drive>/path.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        try await reading(reference) { reader, console in
            let entry = try await entry(reference, reader)
            let path = reference.path
            let records: [EntryRecord] =
                if entry.stat.kind == .directory {
                    try await reader.read { try $0.list(path).map(EntryRecord.init) }
                } else {
                    [EntryRecord(entry)]
                }
            show(records, on: console)
        }
    }

    private func show(_ records: [EntryRecord], on console: Console) {
        if console.isJSON { return records.forEach { console.json($0.json) } }
        guard isLong else {
            return records.forEach { record in
                let isFolder = record.type == "directory" || record.type == "mount"
                let mark = Console.isTerminal && isFolder ? "/" : ""
                console.line(Printable.name(record.name) + mark)
            }
        }
        let sizes = records.map { $0.type == "file" ? Format.size($0.size) : "" }
        let width = sizes.map(\.count).max() ?? 0
        for (record, size) in zip(records, sizes) {
            console.line(
                [
                    record.permissions, Format.right(size, width),
                    Format.right(record.shownCached, 4), Format.local(milliseconds: record.mtime),
                    record.shownName,
                ].joined(separator: "  "))
        }
    }
}
