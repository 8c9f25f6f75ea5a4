import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs mount`: a key in, a folder out.
struct MountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount a drive as a folder; reads fetch what they touch.",
        discussion: """
            Returns once the folder answers. 'hyperfs unmount', umount or fusermount3 -u end it; \
            with --foreground Ctrl-C does, too.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: .shortAndLong, help: "Stay until it is unmounted; a signal unmounts.")
    var foreground = false

    @Flag(name: .customLong("read-only"), help: "No writes, even if the drive is ours.")
    var readOnly = false

    @Flag(name: .customLong("allow-other"), help: "Let other users in.")
    var allowOther = false

    @Flag(name: .long, help: "Show and keep the owners of files, not the mounting user.")
    var owners = false

    @Option(
        name: .customLong("cache-size"),
        help: ArgumentHelp(
            "Kept of other people's files at most, in the whole store.", valueName: "size"))
    var cacheSize: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Fetched ahead of a reader at most (default 8M).", valueName: "size"))
    var readahead: String?

    @Option(
        name: .short, parsing: .singleValue,
        help: ArgumentHelp(
            "FUSE and kernel options, and any long option above.", valueName: "a,b=c"))
    var o: [String] = []

    @Flag(
        name: .customLong("network"),
        help: "Any drive: below the mountpoint its key is a folder. Takes no drive.")
    var isNetwork = false

    @Argument(
        help: "A key, a hyper:// URL or a local name; left out with --network.", completion: .drive)
    var drive: String

    @Argument(help: "An empty folder.", completion: .directory)
    var mountpoint: String?

    mutating func validate() throws {
        let list = try MountOptionList(o)
        try network.take(list)
        common.store = list.values["store"]?.last ?? common.store
        common.verbose = max(common.verbose, list.flags.contains("verbose") ? 1 : 0)
        common.quiet = common.quiet || list.flags.contains("quiet")
        foreground = foreground || list.flags.contains("foreground")
        readahead = list.values["readahead"]?.last ?? readahead
        allowOther = allowOther || list.flags.contains("allow-other")
        owners = owners || list.flags.contains("owners")
        readOnly = readOnly || list.flags.contains("read-only") || list.kernel.contains("ro")
        cacheSize = list.values["cache-size"]?.last ?? cacheSize
        if let cacheSize, ByteSize(cacheSize) == nil {
            throw ValidationError("--cache-size '\(cacheSize)' is not a size, as in 10G")
        }
        isNetwork = isNetwork || list.flags.contains("network")
        guard (mountpoint == nil) == isNetwork else {
            throw ValidationError(
                isNetwork
                    ? "with --network give the mountpoint alone"
                    : "give a drive and a mountpoint")
        }
        if let readahead, ByteSize(readahead) == nil {
            throw ValidationError("--readahead '\(readahead)' is not a size, as in 8M")
        }
    }

    func run() async throws {
        let console = common.console(outlivesReader: true)
        let order = try order()
        let mended = try MountedDrive.check(order.mountpoint, order.options)
        mended.forEach { console.note("hyperfs: \(Printable.text($0))") }
        if foreground { return try await stay(order, console) }
        let access = NodeAccess(common: common, network: network, console: console)
        try await Interruption.during {
            try await access.onNode { client in
                try await client.stream(.post, "/v1/mounts", order.json) { line in
                    MountEvents.show(line, on: console)
                }
            }
        }
    }

    private func order() throws -> MountOrder {
        var order = MountOrder(
            drive: isNetwork ? "" : try DriveReference(drive).description,
            mountpoint: try CommonOptions.absolute(mountpoint ?? drive))
        order.options.allowOther = allowOther
        order.options.readOnly = readOnly
        order.options.isNetwork = isNetwork
        order.options.showsOwners = owners
        order.options.extra = try MountOptionList(o).kernel
        order.options.cacheBytes = cacheSize.flatMap { ByteSize($0).map { UInt64($0.bytes) } }
        order.options.readAheadBytes = readahead.flatMap { ByteSize($0)?.bytes }
        order.options.timeout = network.patience
        order.peers = network.peer
        order.isAttached = foreground
        return order
    }

    /// `--foreground`: this process is the node, or, where one runs already, stays for as long as
    /// its mount does. A signal unmounts.
    private func stay(_ order: MountOrder, _ console: Console) async throws {
        let access = NodeAccess(common: common, network: network, console: console)
        let host = try await ForegroundNode.start(access)
        let isMounted = Gate()
        let mount: @Sendable (ControlClient) async throws -> Void = { client in
            try await client.stream(.post, "/v1/mounts", order.json) { line in
                if line["event"]?.string == "mounted" { isMounted.open() }
                MountEvents.show(line, on: console)
            }
        }
        let work = Task {
            // When our own node ends, no other one is asked.
            if host != nil {
                try await mount(access.node())
            } else {
                try await access.onNode(mount)
            }
        }
        let interruption = Interruption {
            guard isMounted.isOpen else { return work.cancel() }
            if let host { return host.end() }
            Task { await unmount(order.mountpoint, access, or: work) }
        }
        async let hosting: Void? = host?.run()
        let result = await work.result
        // Another client's mounts keep it alive.
        host?.leave()
        await hosting
        console.clearProgress()
        if let host { try ForegroundNode.giveWay(host, interruption) }
        if !isMounted.isOpen, interruption.signalNumber != nil { throw interruption }
        try result.get()
    }

    /// By the node, which then says so on the stream; where that fails, the end of the stream does
    /// it.
    private func unmount(
        _ mountpoint: String, _ access: NodeAccess, or work: Task<Void, any Error>
    ) async {
        do {
            let query = ControlClient.query(["mountpoint": mountpoint, "lazy": "true"])
            try await access.running()?.request(.delete, "/v1/mounts" + query)
        } catch {
            work.cancel()
        }
    }
}
