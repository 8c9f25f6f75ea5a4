import ArgumentParser
import Node

/// `hyperfs drives`: what this store knows.
struct DrivesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drives", abstract: "List the drives that this store knows.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.console()
        let drives = try StoredDrive.list(in: common.storeFolder)
        if console.isJSON { return drives.forEach { console.json($0.json) } }
        if drives.isEmpty { console.note("no drives yet: 'hyperfs share' or 'hyperfs create' one") }
        let width = drives.map { $0.shownName.count }.max() ?? 0
        for drive in drives {
            console.line(
                [
                    drive.key.hex, Format.left(Printable.name(drive.shownName), width),
                    drive.isWritable ? "own" : "   ", Format.right("v\(drive.version)", 8),
                    Format.right(Format.size(drive.cachedBytes), 10),
                ].joined(separator: "  "))
        }
    }
}
