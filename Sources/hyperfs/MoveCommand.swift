import ArgumentParser
import Node

/// `hyperfs mv`: files and folders of own drives get another place.
struct MoveCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "mv", abstract: "Move or rename in a drive of your own.",
        discussion: """
            Within a drive one change, however much is moved, and no bytes. Between drives of \
            your own the bytes are copied; the source goes when they are safe.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(name: .shortAndLong, help: "Leave what exists as it is, and its source too.")
    var noClobber = false

    @Flag(
        name: [.customShort("T"), .customLong("no-target-directory")],
        help: "The target is the new name, also when it is a folder.")
    var exact = false

    @Argument(help: "<drive>/path ... <drive>/target", completion: .drivePath)
    var paths: [String]

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("name what is moved, and its target") }
    }

    func run() async throws {
        let references = try paths.map { try DriveReference($0) }
        let target = references[references.count - 1]
        let store = try common.storeFolder
        var moving = Moving(
            try references.dropLast().map { try $0.source(store: store) },
            to: EditTarget(target.typedPath, isExact: exact))
        moving.noClobber = noClobber
        try await edit(.move(moving), on: target)
    }
}
