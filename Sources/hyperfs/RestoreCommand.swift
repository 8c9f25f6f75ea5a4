import ArgumentParser
import Node

/// `hyperfs restore`: brings an old version of a path back.
struct RestoreCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make a file or folder what it was at a version.",
        discussion: """
            One change of the drive; no bytes are moved, and what is replaced stays in the \
            history. 'hyperfs log' lists the versions.
            """)

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: ArgumentHelp("The version to go back to.", valueName: "n"))
    var version: UInt64

    @Argument(help: "<drive>/path, or <drive> for everything.", completion: .drivePath)
    var path: String

    func run() async throws {
        let place = try DriveReference(path)
        try await edit(.restore(Restoring(place.path, version: version)), on: place)
    }
}
