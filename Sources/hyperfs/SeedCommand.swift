import ArgumentParser
import Node

/// `hyperfs seed`: keeps a full copy of a drive and serves it.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Keep a full copy of a drive, up to date, and serve it.",
        discussion: """
            Returns at once: the node fetches in the background, also after its next start, until \
            'hyperfs unseed'. 'hyperfs status' shows how far it is.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>: a key, a URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let console = common.console()
        let reference = try DriveReference(drive)
        let access = NodeAccess(common: common, network: network, console: console)
        let peers = network.peer.map { JSONValue.string($0) }
        let seed = try await Interruption.during {
            try await access.onNode { client in
                try await client.request(
                    .post, "/v1/seeds",
                    ["drive": .string(reference.description), "peers": .array(peers)])
            }
        }
        if console.isJSON { return console.json(seed) }
        console.note(
            "seeding hyper://\(seed["key"]?.string ?? ""): "
                + "\(Format.size(seed["bytesHere"]?.number ?? 0)) of "
                + "\(Format.size(seed["bytes"]?.number ?? 0)) are here")
    }
}
