import ArgumentParser
import Node

/// `hyperfs share`: a folder in, its key out; stays in step with the folder and serves it.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Share a folder: prints its key, follows it, serves it.",
        discussion: """
            The same folder has the same key every time. Ctrl-C stops sharing; with --detach it \
            goes on until 'hyperfs unshare'.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Option(name: .long, help: ArgumentHelp("A local name for the drive.", valueName: "name"))
    var name: String?

    @Flag(name: .long, help: "Import once, then only serve: do not follow the folder.")
    var once = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "File of gitignore rules in the folder (default .hyperfsignore).", valueName: "file"))
    var ignore: String?

    @Flag(name: .long, help: "Be the node itself, instead of asking one in the background.")
    var foreground = false

    @Flag(name: .long, help: "Leave it to the node, which takes it up again at its next start.")
    var detach = false

    @Flag(
        inversion: .prefixedNo,
        help: """
            Serve the bytes from the folder's own files, with no second copy in the store. The \
            folder stays shared so until --no-in-place.
            """)
    var inPlace: Bool?

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    func validate() throws {
        if foreground, detach {
            throw ValidationError("--foreground and --detach exclude each other")
        }
        guard let name, !DriveReference.isName(name) else { return }
        throw ValidationError(
            "--name '\(name)': letters, digits, '.', '-' and '_', at most 64, and not a key")
    }

    func run() async throws {
        let console = common.console(outlivesReader: true)
        var order = ShareOrder(folder: try CommonOptions.absolute(folder))
        try Share.check(order.folder, store: common.storeFolder)
        order.name = name
        order.isOnce = once
        order.ignoreFile = ignore
        order.isInPlace = inPlace
        order.isDetached = detach
        order.peers = network.peer
        let access = NodeAccess(common: common, network: network, console: console)
        let host = foreground ? try await ForegroundNode.start(access) : nil
        let view = ShareView(console, network: network, isDetached: detach)
        let work = Task { [order] in
            let share: @Sendable (ControlClient) async throws -> Void = { client in
                try await client.stream(.post, "/v1/shares", order.json) { view.show($0) }
            }
            // When our own node ends, no other one is asked.
            if host != nil {
                try await share(access.node())
            } else {
                try await access.onNode(share)
            }
        }
        let interruption = Interruption {
            if let host { host.end() } else { work.cancel() }
        }
        async let hosting: Void? = host?.run()
        let result = await work.result
        host?.leave()
        await hosting
        view.finish()
        if let host { try ForegroundNode.giveWay(host, interruption) }
        // An import that was cut short on request goes on from there the next time.
        if interruption.signalNumber == nil { try result.get() }
    }
}
