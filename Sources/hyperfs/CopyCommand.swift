import ArgumentParser
import Node

/// `hyperfs cp`: files and folders get another place, too.
struct CopyCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy into a drive of your own, from it or from any other.",
        discussion: """
            Within a drive no bytes are copied, old versions included: 'hyperfs cp notes+12/a \
            notes/a'. Links are copied as links; nested drives are nested there, too.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: [.customShort("r"), .long], help: "Also folders, with all that is in them.")
    var recursive = false

    @Flag(name: .shortAndLong, help: "Keep times, set-id bits and extended attributes.")
    var preserve = false

    @Flag(name: .shortAndLong, help: "Leave what exists as it is.")
    var noClobber = false

    @Flag(
        name: [.customShort("T"), .customLong("no-target-directory")],
        help: "The target is the new name, also when it is a folder.")
    var exact = false

    @Argument(help: "<drive>/path ... <drive>/target", completion: .drivePath)
    var paths: [String]

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("name what is copied, and its target") }
    }

    func run() async throws {
        let references = try paths.map { try DriveReference($0) }
        let target = references[references.count - 1]
        let store = try common.storeFolder
        let sources = try references.dropLast().map { try $0.source(store: store) }
        var copying = Copying(sources, to: EditTarget(target.typedPath, isExact: exact))
        copying.recursive = recursive
        copying.preserve = preserve
        copying.noClobber = noClobber
        let own = try StoredDrive.list(in: store).filter(\.isWritable).map(\.key.hex)
        let isOwn = sources.allSatisfy { $0.drive.map(own.contains) ?? true }
        let edit = { (configuration: Engine.Configuration?) in
            try await self.edit(
                .copy(copying), on: target, configuration, peers: network.peer)
        }
        guard isOwn, network.peer.isEmpty || network.offline else {
            return try await edit(try network.configuration(common))
        }
        do {
            try await edit(nil)
        } catch let error as NodeError where error.code == .notFound && !network.offline {
            // In a drive of our own another's may be nested, with its blocks elsewhere.
            try await edit(try network.configuration(common))
        }
    }
}
