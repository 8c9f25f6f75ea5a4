import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs stat`: all that is known of one path. Symlinks are not followed.
struct StatCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Show what is known of a path in a drive.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>/path.", completion: .drivePath)
    var drivePath: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        try await reading(reference) { reader, console in
            let entry = try await entry(reference, reader)
            let version = entry.drive.version
            let record = EntryRecord(entry)
            let stat = entry.stat
            if console.isJSON {
                return console.json(
                    .object(
                        record.members + [
                            .init(name: "blocks", value: .number(stat.blocks)),
                            .init(name: "blockOffset", value: .number(stat.offset)),
                            .init(name: "byteOffset", value: .number(stat.byteOffset)),
                            .init(name: "version", value: .number(version)),
                        ]))
            }
            var rows = [
                ("path", Printable.name(record.path)), ("type", record.type),
                ("mode", "\(Format.mode(record.mode))  \(record.permissions)"),
                ("modified", Format.rfc3339(milliseconds: record.mtime)),
            ]
            if record.type == "file" {
                rows += [
                    ("size", "\(record.size)  (\(Format.size(record.size)))"),
                    ("cached", "\(record.cached)"),
                    ("blocks", "\(stat.blocks) from \(stat.offset), byte \(stat.byteOffset)"),
                ]
            }
            if let target = record.target { rows.append(("target", Printable.name(target))) }
            if let key = record.key { rows.append(("key", key.hex)) }
            rows.append(("version", "\(version)"))
            rows.forEach { console.line(Format.left($0.0, 10) + $0.1) }
        }
    }
}
