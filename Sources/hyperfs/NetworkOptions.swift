import ArgumentParser
import Hyperswarm
import Node

/// Options of the network (CLI.md section 2).
struct NetworkOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Connect straight to this peer; may be repeated.", valueName: "host:port"))
    var peer: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Where peers reach us (default 0.0.0.0:0 and [::]:0); may be repeated.",
            valueName: "host:port"))
    var listen: [String] = []

    @Flag(name: .long, help: "No network at all: only what is in the store.")
    var offline = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long a read waits for a block (default 30; 5 while no peer is known).",
            valueName: "seconds"))
    var timeout: Double?

    @Flag(
        name: .customLong("no-discovery"),
        help: "Only --peer and who connects to us (also HYPERFS_NO_DISCOVERY=1).")
    var noDiscovery = false

    @Flag(
        name: .customLong("no-dht"),
        help: "Neither look for peers nor announce us in our DHT (also HYPERFS_NO_DHT=1).")
    var noDHT = false

    @Flag(
        name: .customLong("no-mainline"),
        help: "The same for BitTorrent's DHT (also HYPERFS_NO_MAINLINE=1).")
    var noMainline = false

    @Flag(
        name: .customLong("no-mdns"),
        help: "Neither look for peers on the local network nor tell it what is shared.")
    var noMDNS = false

    @Flag(
        name: .customLong("no-port-mapping"),
        help: "Do not ask the router to lead a port to us (also HYPERFS_NO_PORT_MAPPING=1).")
    var noPortMapping = false

    @Flag(name: .customLong("no-utp"), help: "Connections over TCP only.")
    var noUTP = false

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A node of our DHT to enter by; may be repeated (also HYPERFS_BOOTSTRAP).",
            valueName: "host:port"))
    var bootstrap: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A relay for when no direct way is found, the same on both sides; may be repeated.",
            valueName: "host:port"))
    var relay: [String] = []

    @Option(
        name: .customLong("limit-up"),
        help: ArgumentHelp("Sent in a second at most, as in 500K.", valueName: "bytes"))
    var limitUp: String?

    @Option(
        name: .customLong("limit-down"),
        help: ArgumentHelp("Received in a second at most, as in 2M.", valueName: "bytes"))
    var limitDown: String?

    /// Wrong values are usage errors: said before anything is opened.
    mutating func validate() throws {
        for text in peer { _ = try Self.address(text, "--peer", allowsAnyPort: false) }
        for text in listen { _ = try Self.address(text, "--listen", allowsAnyPort: true) }
        for text in bootstrap { _ = try Self.address(text, "--bootstrap", allowsAnyPort: false) }
        for text in relay { _ = try Self.address(text, "--relay", allowsAnyPort: false) }
        if let timeout, !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout \(timeout) is not between 0 and 86400 seconds")
        }
        _ = try Self.rate(limitUp, "--limit-up")
        _ = try Self.rate(limitDown, "--limit-down")
        if offline, !peer.isEmpty || !listen.isEmpty {
            throw ValidationError("--offline and --peer or --listen exclude each other")
        }
    }

    private static func rate(_ text: String?, _ option: String) throws -> UInt64? {
        guard let text else { return nil }
        guard let size = ByteSize(text), size.bytes > 0 else {
            throw ValidationError("\(option) '\(text)' is no number of bytes, as in 500K")
        }
        return UInt64(size.bytes)
    }

    static func address(
        _ text: String, _ option: String, allowsAnyPort: Bool
    ) throws -> Swarm.Address {
        guard let address = Swarm.Address(text), allowsAnyPort || address.port != 0 else {
            throw ValidationError("\(option) '\(text)' is not HOST:PORT or [IPV6]:PORT")
        }
        return address
    }

    /// The command line's, else those of the environment, separated by commas or blanks.
    private var entryPoints: [Swarm.Address] {
        get throws {
            if !bootstrap.isEmpty { return bootstrap.compactMap { Swarm.Address($0) } }
            let text = CommonOptions.environment("HYPERFS_BOOTSTRAP") ?? ""
            return try text.split { $0 == "," || $0.isWhitespace }.map {
                try Self.address(String($0), "HYPERFS_BOOTSTRAP", allowsAnyPort: false)
            }
        }
    }

    /// Whether others may find us by themselves.
    var findsPeers: Bool {
        guard !offline, !noDiscovery, !CommonOptions.isSet("HYPERFS_NO_DISCOVERY") else {
            return false
        }
        let hasDHT = !noDHT && !((try? entryPoints) ?? []).isEmpty
        let hasMainline = !noMainline && !CommonOptions.isSet("HYPERFS_NO_MAINLINE")
        return !noMDNS || hasDHT || hasMainline || !relay.isEmpty
    }

    /// `--timeout`
    var patience: Duration? { timeout.map { .milliseconds(Int64($0 * 1000)) } }

    /// What the engine needs to know.
    func configuration(_ common: CommonOptions) throws -> Engine.Configuration {
        var configuration = Engine.Configuration(store: try common.storeFolder)
        configuration.logger = common.logger
        configuration.limitUp = try Self.rate(limitUp, "--limit-up")
        configuration.limitDown = try Self.rate(limitDown, "--limit-down")
        if offline {
            configuration.network = nil
        } else {
            var network = Swarm.Configuration()
            if !listen.isEmpty { network.listen = listen.compactMap { Swarm.Address($0) } }
            network.peers = peer.compactMap { Swarm.Address($0) }
            let isLooking = !noDiscovery && !CommonOptions.isSet("HYPERFS_NO_DISCOVERY")
            network.mdns = isLooking && !noMDNS
            network.dht = isLooking && !noDHT && !CommonOptions.isSet("HYPERFS_NO_DHT")
            network.mainline =
                isLooking && !noMainline && !CommonOptions.isSet("HYPERFS_NO_MAINLINE")
            network.bootstrap = try entryPoints
            network.portMapping =
                isLooking && !noPortMapping && !CommonOptions.isSet("HYPERFS_NO_PORT_MAPPING")
            network.relays = relay.compactMap { Swarm.Address($0) }
            network.utp = !noUTP
            configuration.network = network
        }
        if let patience {
            configuration.timeout = patience
            configuration.timeoutWithoutPeers = min(
                configuration.timeoutWithoutPeers, configuration.timeout)
        }
        return configuration
    }
}
