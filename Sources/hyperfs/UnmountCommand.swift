import ArgumentParser
import FuseMount
import Node

/// `hyperfs unmount`, also `umount`.
struct UnmountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount a drive (also: umount, fusermount3 -u).",
        aliases: ["umount"])

    @OptionGroup var common: CommonOptions

    @Flag(name: .shortAndLong, help: "Detach now, even while files are open.")
    var lazy = false

    @Argument(help: "The folder it is mounted on.")
    var mountpoint: String

    func run() async throws {
        let path = try CommonOptions.absolute(mountpoint)
        do {
            try Mount.unmount(path, lazy: lazy)
        } catch {
            throw NodeError(error, while: "unmounting \(path)")
        }
        let console = common.console()
        if console.isJSON { console.json(["event": "unmounted", "mountpoint": .string(path)]) }
    }
}
