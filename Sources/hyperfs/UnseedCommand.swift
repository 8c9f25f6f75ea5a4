import ArgumentParser
import Node

/// `hyperfs unseed`: ends what `seed` began.
struct UnseedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseed", abstract: "Stop keeping and serving a full copy of a drive.",
        discussion: "What was fetched stays in the store.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>: a key, a URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let console = common.console()
        let reference = try DriveReference(drive)
        let access = NodeAccess(common: common, network: network, console: console)
        let ended = try await Interruption.during {
            let query = ControlClient.query(["drive": reference.description])
            return try await access.keeper(of: .seeds).request(.delete, "/v1/seeds" + query)
        }
        if console.isJSON { return console.json(ended) }
        console.note("not seeded any more: hyper://\(ended["key"]?.string ?? "")")
    }
}
