import ArgumentParser
import Node

/// `hyperfs rm`: entries of an own drive go.
struct RemoveCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove files and folders from a drive of your own.",
        discussion: """
            All or nothing for each drive: when one path cannot be removed, none is. Older \
            versions keep what was removed; 'hyperfs restore' brings it back.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(name: [.customShort("r"), .long], help: "Also folders, with all that is in them.")
    var recursive = false

    @Flag(name: .shortAndLong, help: "What is not there is no error.")
    var force = false

    @Argument(help: "<drive>/path ...", completion: .drivePath)
    var paths: [String]

    func run() async throws {
        for (drive, paths) in try DriveReference.grouped(paths) {
            let removal = Removal(paths, recursive: recursive, force: force)
            try await edit(.remove(removal), on: drive)
        }
    }
}
