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

    @Flag(
        name: .long,
        help: "Put this program in the place of the node that runs; mounts come back at once.")
    var replace = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Numbers for Prometheus at http://HOST:PORT/metrics (default: none).",
            valueName: "host:port"))
    var metrics: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What is logged: trace, debug, info, notice, warning, error (default info, in the "
                + "foreground error).", valueName: "level"))
    var log: String?

    @Option(
        name: .customLong("cache-size"),
        help: ArgumentHelp("Kept of other people's files at most.", valueName: "size"))
    var cacheSize: String?

    @Flag(name: .long, help: .hidden)
    var background = false

    func validate() throws {
        if stop, replace { throw ValidationError("--stop and --replace exclude each other") }
        if let log, !background, Logger.Level(rawValue: log) == nil {
            throw ValidationError("--log '\(log)' is no level, as 'info' is")
        }
        if let cacheSize, ByteSize(cacheSize) == nil {
            throw ValidationError("--cache-size '\(cacheSize)' is not a size, as in 10G")
        }
        if let metrics { _ = try NetworkOptions.address(metrics, "--metrics", allowsAnyPort: true) }
    }

    func run() async throws {
        if stop { return try await end() }
        if replace {
            let access = NodeAccess(common: common, network: network, console: common.console())
            return try await NodeReplacement(access).run()
        }
        // One that comes before there is anything to tell must not end it.
        NodeSignals.ignore()
        if background { return try await serveInBackground() }
        let console = common.console(outlivesReader: true)
        let level = LogLevel(settings.logLevel)
        var engine = try network.configuration(common)
        engine.logger = common.logger(level)
        var configuration = StoreNode.Configuration(engine)
        configuration.linger = nil
        let node = try await start(configuration)
        node.notes.forEach { console.note("hyperfs: \(Printable.text($0))") }
        // Before anybody knows that it runs.
        let signals = NodeSignals(node, level, background: background)
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
        try await run(node, signals)
    }

    /// What of the options may be set anew while it runs.
    var settings: RunningSettings {
        let named = log.flatMap { Logger.Level(rawValue: $0) }
        let usual = common.logLevel(else: background ? .info : .error)
        return RunningSettings(
            limitUp: network.limitUp.flatMap { ByteSize($0) }.map { UInt64($0.bytes) },
            limitDown: network.limitDown.flatMap { ByteSize($0) }.map { UInt64($0.bytes) },
            cacheBytes: cacheSize.flatMap { ByteSize($0) }.map { UInt64($0.bytes) },
            logLevel: named ?? usual)
    }

    /// One that takes another's place finds the store taken for as long as a command looks into
    /// it that has found no node.
    private func start(_ configuration: StoreNode.Configuration) async throws -> StoreNode {
        let isAwaited = StoreNode.isLeftToSuccessor(configuration.engine.store)
        let attempts = StoreAttempts()
        while true {
            do {
                return try await StoreNode.start(configuration)
            } catch let error as NodeError where error.code == .storeLocked && isAwaited {
                try await attempts.again(after: error)
            }
        }
    }

    private func run(_ node: StoreNode, _ signals: NodeSignals) async throws {
        if let bytes = settings.cacheBytes { node.limitCache(to: bytes) }
        let interruption = Interruption { node.end() }
        let manager = ServiceManager()
        // Cancelled, it throws, and nothing else.
        let reporting = manager.map { manager in Task { try await node.report(to: manager) } }
        await node.run()
        reporting?.cancel()
        try ForegroundNode.giveWay(node, interruption)
        manager?.stopping()
        withExtendedLifetime(signals) {}
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
            let (log, level) = (NodeLog(), LogLevel(settings.logLevel))
            engine.logger = Logger(label: "hyperfs") { [common] _ in
                NodeLogHandler(log: log, level, format: common.logFormat)
            }
            var configuration = StoreNode.Configuration(engine)
            configuration.linger = StoreNode.Configuration.backgroundLinger
            configuration.isForOthers = true
            configuration.logFile = NodeLog.path()
            let node = try await start(configuration)
            for note in node.notes { engine.logger.notice("\(note)") }
            let signals = NodeSignals(node, level, background: background)
            engine.logger.notice("node of \(engine.store) ready, version \(Product.version)")
            pipe.ready(notes: node.notes)
            _ = await openMetrics(node)
            try await run(node, signals)
            engine.logger.notice("node of \(engine.store) ended")
        } catch {
            let error = NodeError(error, while: "starting the node")
            pipe.failed(error)
            // Said where it is of use; the log knows nothing more.
            throw ExitCode(ExitStatus.code(of: error.code))
        }
    }

    /// `--stop`
    private func end() async throws {
        let store = try common.storeFolder
        guard let client = try await ControlClient.find(store: store) else {
            throw NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "name its store with --store")
        }
        try await client.askToEnd("/v1/node/stop")
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
