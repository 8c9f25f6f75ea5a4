import ArgumentParser
import Glibc
import Hyperswarm
import Logging
import Node

/// `hyperfs node`: the node of a store in the foreground, for services; hidden behind the same
/// verb, the one that commands start.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run the node of a store in the foreground (for services).",
        discussion: """
            Nobody needs to: the first command that needs one starts it, and it ends after the \
            last mount, share and seed. This one stays until SIGTERM or Ctrl-C.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: .long, help: "End the node that runs, in good order, and return when it is gone.")
    var stop = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Numbers for Prometheus at http://HOST:PORT/metrics (default: none).",
            valueName: "host:port"))
    var metrics: String?

    @Flag(name: .long, help: .hidden)
    var background = false

    func validate() throws {
        if let metrics { _ = try NetworkOptions.address(metrics, "--metrics", allowsAnyPort: true) }
    }

    func run() async throws {
        if stop { return try await end() }
        if background { return try await serveInBackground() }
        let console = common.console(outlivesReader: true)
        var configuration = StoreNode.Configuration(try network.configuration(common))
        configuration.linger = nil
        let node = try await StoreNode.start(configuration)
        node.notes.forEach { console.note("hyperfs: \(Printable.text($0))") }
        let numbers = await openMetrics(node)
        let listen = node.engine.addresses.map(\.description)
        if console.isJSON {
            console.json([
                "event": "ready", "listen": .array(listen.map { .string($0) }),
                "metrics": numbers.map { .string($0.address) } ?? .null,
            ])
        } else {
            console.note("node ready; peers reach it at \(listen.joined(separator: ", "))")
        }
        await run(node)
    }

    private func run(_ node: StoreNode) async {
        let interruption = Interruption { node.end() }
        let signals = NodeSignals(node)
        let manager = ServiceManager()
        // Cancelled, it throws, and nothing else.
        let reporting = manager.map { manager in Task { try await node.report(to: manager) } }
        await node.run()
        reporting?.cancel()
        manager?.stopping()
        withExtendedLifetime((interruption, signals)) {}
    }

    /// A port that is taken is said, and no reason to end.
    private func openMetrics(_ node: StoreNode) async -> MetricsServer? {
        guard let metrics, let address = Swarm.Address(metrics) else { return nil }
        do {
            return try await MetricsServer.start(
                node, host: address.host, port: Int(address.port))
        } catch {
            common.console().note("hyperfs: \(error)")
            return nil
        }
    }

    private func serveInBackground() async throws {
        let pipe = ReadyPipe(descriptor: 3)
        do {
            guard chdir("/") == 0 else { throw NodeError.failed("cannot enter /") }
            var engine = try network.configuration(common)
            engine.logger = backgroundLogger
            var configuration = StoreNode.Configuration(engine)
            configuration.linger = StoreNode.Configuration.backgroundLinger
            configuration.isForOthers = true
            let node = try await StoreNode.start(configuration)
            for note in node.notes { engine.logger.notice("\(note)") }
            engine.logger.notice("node of \(engine.store) ready, version \(Product.version)")
            pipe.ready(notes: node.notes)
            _ = await openMetrics(node)
            await run(node)
            engine.logger.notice("node of \(engine.store) ended")
        } catch {
            let error = NodeError(error, while: "starting the node")
            pipe.failed(error)
            // Said where it is of use; the log knows nothing more.
            throw ExitCode(ExitStatus.code(of: error.code))
        }
    }

    private var backgroundLogger: Logger {
        let log = NodeLog()
        var logger = Logger(label: "hyperfs") { [common] _ in
            NodeLogHandler(log: log, format: common.logFormat)
        }
        let named = CommonOptions.environment("HYPERFS_LOG").flatMap { Logger.Level(rawValue: $0) }
        logger.logLevel = named ?? .info
        return logger
    }

    /// `--stop`
    private func end() async throws {
        let store = try common.storeFolder
        guard let client = try await ControlClient.find(store: store) else {
            throw NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "name its store with --store")
        }
        try await client.request(.post, "/v1/node/stop")
        try await client.waitForEnd()
        let console = common.console()
        if console.isJSON { console.json(["event": "ended"]) }
    }
}

extension NodeError {
    fileprivate static func failed(_ subject: String) -> NodeError {
        NodeError(
            .failed, "\(subject): \(String(cString: strerror(Glibc.errno)))",
            hint: "check the system")
    }
}
