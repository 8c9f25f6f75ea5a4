import ArgumentParser
import Node

/// `hyperfs status`: mounts, shares, seeds, peers and rates of the node.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show mounts, shares, seeds, peers and traffic.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.console()
        let store = try common.storeFolder
        guard let client = try await ControlClient.find(store: store) else {
            throw NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "it starts with the first mount, share or seed")
        }
        let status = try await client.request(.get, "/v1/status")
        if console.isJSON { return console.json(status) }
        StatusView(status).lines.forEach(console.line)
    }
}
