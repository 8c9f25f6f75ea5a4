import ArgumentParser
import Node

/// `hyperfs link`: a drive as a folder in an own drive.
struct LinkCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Nest a drive as a folder in a drive of your own.",
        discussion: "hyperfs link notes/friends/ana KEY; with KEY+VERSION it stays as it was then.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "<drive>/path, where nothing is yet.", completion: .drivePath)
    var path: String

    @Argument(help: "The drive to nest: a key, a hyper:// URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let place = try DriveReference(path)
        let target = try DriveReference(drive)
        guard target.path == "/" else {
            throw NodeError(
                .usage, "'\(target)' names a folder in a drive; only whole drives can be nested",
                hint: "leave out \(target.path)")
        }
        let key = try target.key(store: common.storeFolder)
        try await edit(.link(Linking(place.path, key: key, version: target.version)), on: place)
    }
}

/// `hyperfs unlink`: takes a nested drive away.
struct UnlinkCommand: AsyncParsableCommand, EditingCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlink", abstract: "Take a nested drive away; the drive itself stays.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "<drive>/path, where a drive is nested.", completion: .drivePath)
    var path: String

    func run() async throws {
        let place = try DriveReference(path)
        try await edit(.unlink(Unlinking(place.path)), on: place)
    }
}
