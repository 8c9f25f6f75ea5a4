import ArgumentParser
import Node

/// `hyperfs mkdir`: new folders in an own drive.
struct MakeFolderCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "mkdir", abstract: "Make folders in a drive of your own.")

    @OptionGroup var common: CommonOptions

    @Flag(name: .shortAndLong, help: "Also the folders above; no error if it exists.")
    var parents = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Permissions, as in 755.", valueName: "mode"))
    var mode: String?

    @Argument(help: "<drive>/path ...", completion: .drivePath)
    var paths: [String]

    func validate() throws {
        guard let mode, UInt32(mode, radix: 8).map({ $0 <= 0o7777 }) != true else { return }
        throw ValidationError("--mode '\(mode)' is not an octal number, as in 755")
    }

    func run() async throws {
        let bits = mode.flatMap { UInt32($0, radix: 8) } ?? 0o755
        for (drive, paths) in try DriveReference.grouped(paths) {
            let making = FolderMaking(paths, parents: parents, mode: bits)
            try await edit(.makeFolders(making), on: drive)
        }
    }
}
