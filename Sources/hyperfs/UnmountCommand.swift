import ArgumentParser
import FuseMount
import Node

/// `hyperfs unmount`, also `umount`.
struct UnmountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount a drive (also: umount, fusermount3 -u).",
        discussion: "Returns once everything written is durable.", aliases: ["umount"])

    @OptionGroup var common: CommonOptions

    @Flag(name: .shortAndLong, help: "Detach now, even while files are open.")
    var lazy = false

    @Argument(help: "The folder it is mounted on.", completion: .mounted)
    var mountpoint: String

    func run() async throws {
        let path = try CommonOptions.absolute(mountpoint)
        if try await !unmountByNode(path) {
            // Another store's, or one whose node is gone.
            do {
                try Mount.unmount(path, lazy: lazy)
            } catch {
                throw NodeError(error, while: "unmounting \(path)")
            }
        }
        let console = common.console()
        if console.isJSON { console.json(["event": "unmounted", "mountpoint": .string(path)]) }
    }

    /// False: it is no mount of this store's node.
    private func unmountByNode(_ path: String) async throws -> Bool {
        guard let client = try await ControlClient.find(store: common.storeFolder) else {
            return false
        }
        do {
            let query = ControlClient.query(["mountpoint": path, "lazy": lazy ? "true" : "false"])
            try await client.request(.delete, "/v1/mounts" + query)
            return true
        } catch let error as NodeError where error.code == .notMounted {
            return false
        } catch is ControlClient.Nobody {
            return false
        }
    }
}
