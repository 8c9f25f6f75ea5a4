import ArgumentParser
import Foundation
import Node

/// `hyperfs peers`: who is connected, and how.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Who is connected, how, and how fast.",
        discussion: """
            Asks the node of the store. 'via' tells what carries the \
            connection and how the peer was found: given, lan, dht, mainline, remembered, or \
            incoming when it came to us.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "Only peers that have this drive.", completion: .drive)
    var drive: String?

    func run() async throws {
        let console = common.console()
        let store = try common.storeFolder
        guard let client = try await ControlClient.find(store: store) else {
            throw NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "start a mount or a share, or name its store with --store")
        }
        let query = try drive.map { "?drive=\(try DriveReference($0).key(store: store).hex)" }
        let told = try await client.request(.get, "/v1/peers" + (query ?? ""))
        let peers = (told.array ?? []).compactMap(PeerRecord.init)
        if console.isJSON {
            for peer in peers { console.json(peer.json) }
            return
        }
        if peers.isEmpty { return console.note("nobody is connected") }
        for line in PeerRecord.table(peers) { console.line(line) }
    }
}
