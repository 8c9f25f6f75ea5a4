import ArgumentParser
import Node

/// The root command: what `hyperfs --help` shows.
struct Hyperfs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hyperfs",
        abstract: "Folders that live on many machines, named by a key.",
        discussion: """
            hyperfs share photos                     a folder in, its key out
            hyperfs mount KEY dir --peer HOST:PORT   a key in, a folder out
            hyperfs ls KEY/2024                      look without mounting
            """,
        version: Version.text,
        subcommands: [
            ShareCommand.self, UnshareCommand.self, MountCommand.self, UnmountCommand.self,
            SeedCommand.self, UnseedCommand.self,
            StatusCommand.self, PeersCommand.self, NodeCommand.self,
            CreateCommand.self, DrivesCommand.self, InfoCommand.self, KeyCommand.self,
            ListCommand.self, TreeCommand.self, CatCommand.self, StatCommand.self,
            GetCommand.self, PutCommand.self,
            RemoveCommand.self, MakeFolderCommand.self, MoveCommand.self, CopyCommand.self,
            LinkCommand.self, UnlinkCommand.self, RestoreCommand.self,
            PinCommand.self, UnpinCommand.self, EvictCommand.self, VerifyCommand.self,
            LogCommand.self, DiffCommand.self,
            WebCommand.self, BootstrapCommand.self, DoctorCommand.self, ConfigCommand.self,
            ManualCommand.self,
        ])
}

/// What `--version` says.
enum Version {
    static let text = "hyperfs \(Product.version)"
}
