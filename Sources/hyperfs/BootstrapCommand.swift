import ArgumentParser
import Hyperswarm
import Node

/// `hyperfs bootstrap`: a DHT node that others enter by.
struct BootstrapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootstrap", abstract: "Run a DHT node that others enter by.",
        discussion: """
            Needs a UDP port that others can reach, and keeps it: name its address with --bootstrap
            where hyperfs is used. Two or three of them make a network of your own; each names the
            others. It sees who announces and looks for which drives, but not their keys.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Where it is reached by UDP.", valueName: "host:port"))
    var listen = "0.0.0.0:49737"

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Another node of the network; may be repeated. None for the first one.",
            valueName: "host:port"))
    var bootstrap: [String] = []

    @Flag(
        name: .long,
        help: "Also forward for peers that cannot reach each other (--relay), on TCP.")
    var relay = false

    @Option(
        name: .customLong("relay-rate"),
        help: ArgumentHelp(
            "For each pair of peers and direction, a second (default 256K).", valueName: "size"))
    var relayRate: String?

    @Option(
        name: .customLong("relay-bytes"),
        help: ArgumentHelp(
            "For each pair of peers in all, after which it must come again (default 1G).",
            valueName: "size"))
    var relayBytes: String?

    @Flag(
        name: .customLong("no-mainline"),
        help: "Not to be found through BitTorrent's DHT (also HYPERFS_NO_MAINLINE=1).")
    var noMainline = false

    func validate() throws {
        _ = try NetworkOptions.address(listen, "--listen", allowsAnyPort: true)
        for text in bootstrap {
            _ = try NetworkOptions.address(text, "--bootstrap", allowsAnyPort: false)
        }
        for (name, text) in [("--relay-rate", relayRate), ("--relay-bytes", relayBytes)] {
            guard let text else { continue }
            guard let size = ByteSize(text), size.bytes > 0 else {
                throw ValidationError("\(name) '\(text)' is not a size such as 500K, 20M or 1G")
            }
            guard relay else { throw ValidationError("\(name) is of no use without --relay") }
        }
    }

    private var grants: EntryNode.RelayGrants? {
        guard relay else { return nil }
        var grants = EntryNode.RelayGrants()
        if let rate = relayRate.flatMap({ ByteSize($0)?.bytes }) { grants.bytesPerSecond = rate }
        if let share = relayBytes.flatMap({ ByteSize($0)?.bytes }) {
            grants.bytesPerPair = UInt64(share)
        }
        return grants
    }

    func run() async throws {
        let console = common.console(outlivesReader: true)
        var configuration = EntryNode.Configuration(
            listen: try NetworkOptions.address(listen, "--listen", allowsAnyPort: true))
        configuration.relay = grants
        configuration.bootstrap = bootstrap.compactMap { Swarm.Address($0) }
        configuration.mainline = !noMainline && !CommonOptions.isSet("HYPERFS_NO_MAINLINE")
        let entry = try await EntryPoint(
            configuration, store: common.storeFolder, logger: common.logger)
        let stopped = Gate()
        let interruption = Interruption { stopped.open() }
        announce(entry, console)
        let saving = Task { await entry.keepSaving() }
        await stopped.wait()
        withExtendedLifetime(interruption) { saving.cancel() }
        if let status = await entry.status() {
            console.note("\(status.nodes) nodes known, \(status.served) requests answered")
            if relay { console.note("\(Format.size(status.relayedBytes)) relayed") }
        }
        await entry.close()
    }

    private func announce(_ entry: EntryPoint, _ console: Console) {
        let addresses = entry.addresses.map(\.description)
        if console.isJSON {
            return console.json([
                "event": "ready", "listen": .array(addresses.map { .string($0) }),
                "relay": .array(relay ? addresses.map { .string($0) } : []),
            ])
        }
        console.note("DHT node ready. Others enter by one of:")
        for address in addresses {
            console.line("--bootstrap \(address)" + (relay ? " --relay \(address)" : ""))
        }
    }
}
