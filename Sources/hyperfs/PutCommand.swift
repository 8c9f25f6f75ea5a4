import ArgumentParser
import Glibc
import Node

/// `hyperfs put`: copies local files and folders into an own drive.
struct PutCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Copy files and folders into a drive of your own.",
        discussion: """
            A folder's content goes into the target, as 'get' does it the other way round; a file \
            becomes the target, or goes into it when it is a folder; several go into a folder. \
            What is there already (same size, time and mode) is passed over. '-' is standard input.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(
        name: [.customShort("T"), .customLong("no-target-directory")],
        help: "The target is the new name, also when it is a folder.")
    var exact = false

    @Argument(help: "<local> ... <drive>/target; '-' for standard input.", completion: .file())
    var paths: [String]

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("name what is put, and its target") }
        guard paths.dropLast() == ["-"] || !paths.dropLast().contains("-") else {
            throw ValidationError("standard input goes into one file, alone")
        }
    }

    func run() async throws {
        let target = try DriveReference(paths[paths.count - 1])
        let sources = paths.dropLast()
        guard sources != ["-"] else { return try await putInput(target) }
        let putting = Putting(
            try sources.map { try CommonOptions.absolute($0) },
            to: EditTarget(target.typedPath, isExact: exact))
        try await edit(.put(putting), on: target)
    }

    /// All of it first, so that the drive never has half a file.
    private func putInput(_ target: DriveReference) async throws {
        guard target.path != "/", target.typedPath == target.path else {
            throw NodeError(
                .usage, "standard input has no name", hint: "name the file: \(target)NAME")
        }
        let spool = try SpooledInput()
        defer { spool.remove() }
        let putting = Putting([spool.path], to: EditTarget(target.path, isExact: true))
        try await edit(.put(putting), on: target)
    }
}
