import ArgumentParser
import Foundation
import Node

/// `hyperfs unshare`: ends a share that was left to the node.
struct UnshareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unshare", abstract: "Stop sharing a folder that was shared with --detach.",
        discussion: "The drive and its key stay: share the folder again to go on.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "The folder, or its drive.")
    var share: String

    func run() async throws {
        let console = common.console()
        let query = try await self.query()
        let access = NodeAccess(common: common, network: network, console: console)
        let ended = try await Interruption.during {
            try await access.keeper(of: .shares).request(.delete, "/v1/shares" + query)
        }
        if console.isJSON { return console.json(ended) }
        console.note("not shared any more: \(Printable.text(ended["folder"]?.string ?? ""))")
    }

    /// A folder that is there, or anything that looks like a path; else a drive.
    private func query() async throws -> String {
        let path = try CommonOptions.absolute(share)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            return ControlClient.query(["folder": real])
        }
        if let reference = try? DriveReference(share),
            let key = try? reference.key(store: common.storeFolder)
        {
            return ControlClient.query(["drive": key.hex])
        }
        return ControlClient.query(["folder": path])
    }
}
