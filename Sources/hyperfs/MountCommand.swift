import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs mount`: a key in, a folder out.
struct MountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount a drive as a folder; reads fetch what they touch.",
        discussion: "Ctrl-C, 'hyperfs unmount', umount or fusermount3 -u end it.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Flag(name: .shortAndLong, help: "Stay in the foreground (the default in this release).")
    var foreground = false

    @Flag(name: .customLong("read-only"), help: "No writes, even if the drive is ours.")
    var readOnly = false

    @Flag(name: .customLong("allow-other"), help: "Let other users in.")
    var allowOther = false

    @Flag(name: .long, help: "Show and keep the owners of files, not the mounting user.")
    var owners = false

    @Option(
        name: .customLong("cache-size"),
        help: ArgumentHelp("No effect yet: the cache has no cap.", valueName: "size"))
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

    @Argument(help: "A key, a hyper:// URL or a local name.")
    var drive: String

    @Argument(help: "An empty folder.")
    var mountpoint: String

    mutating func validate() throws {
        let list = try MountOptionList(o)
        network.peer += list.values["peer"] ?? []
        network.listen += list.values["listen"] ?? []
        network.offline = network.offline || list.flags.contains("offline")
        network.noMDNS = network.noMDNS || list.flags.contains("no-mdns")
        network.noDiscovery = network.noDiscovery || list.flags.contains("no-discovery")
        if let text = list.values["timeout"]?.last {
            guard let seconds = Double(text) else {
                throw ValidationError("-o timeout=\(text) is not a number of seconds")
            }
            network.timeout = seconds
        }
        readahead = list.values["readahead"]?.last ?? readahead
        allowOther = allowOther || list.flags.contains("allow-other")
        owners = owners || list.flags.contains("owners")
        readOnly = readOnly || list.flags.contains("read-only") || list.kernel.contains("ro")
        try network.validate()
        if let readahead, ByteSize(readahead) == nil {
            throw ValidationError("--readahead '\(readahead)' is not a size, as in 8M")
        }
    }

    func run() async throws {
        let console = common.console(outlivesReader: true)
        let reference = try DriveReference(drive)
        let path = try CommonOptions.absolute(mountpoint)
        var options = MountedDrive.Options()
        options.allowOther = allowOther
        options.readOnly = readOnly
        options.showsOwners = owners
        options.extra = try MountOptionList(o).kernel
        options.readAheadBytes = readahead.flatMap { ByteSize($0)?.bytes }
        try MountedDrive.check(path, options)
        let engine = try await Engine.start(try network.configuration(common))
        let interrupted = Gate()
        let interruption = Interruption { interrupted.open() }
        do {
            guard
                let mounted = try await mount(
                    reference, path, options, engine, unless: interrupted)
            else {
                await engine.close()
                throw interruption
            }
            announce(mounted, console)
            async let unmounting: Void = {
                await interrupted.wait()
                mounted.unmount()
            }()
            try await mounted.wait()
            interrupted.open()
            await unmounting
        } catch {
            await engine.close()
            throw error
        }
        sayGoodbye(path, engine, console)
        await engine.close()
    }

    /// nil when a signal came before the folder answered.
    private func mount(
        _ reference: DriveReference, _ path: String, _ options: MountedDrive.Options,
        _ engine: Engine, unless interrupted: Gate
    ) async throws -> MountedDrive? {
        try await withThrowingTaskGroup(of: MountedDrive?.self) { group in
            group.addTask {
                try await MountedDrive(reference, at: path, options: options, in: engine)
            }
            group.addTask {
                await interrupted.wait()
                return nil
            }
            group.addTask { try await showSearch(engine) }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// How often the line of the search is written anew: a mount that takes less says nothing.
    private static let searchTick: Duration = .seconds(1)

    /// What is being waited for, on a terminal, until the drive is there.
    private func showSearch(_ engine: Engine) async throws -> MountedDrive? {
        let console = common.console(outlivesReader: true)
        defer { console.clearProgress() }
        while true {
            try await Task.sleep(for: Self.searchTick)
            console.progress("looking for the drive: \(await engine.search)")
        }
    }

    private func announce(_ mounted: MountedDrive, _ console: Console) {
        let drive = mounted.drive
        mounted.notes.forEach { console.note("hyperfs: \(Printable.text($0))") }
        if console.isJSON {
            return console.json([
                "event": "mounted", "key": .string(drive.key.hex),
                "mountpoint": .string(mounted.mountpoint), "version": .number(drive.version),
                "writable": .bool(mounted.isWritable),
            ])
        }
        console.note(
            "mounted hyper://\(drive.key.hex) at \(Printable.text(mounted.mountpoint)), "
                + "version \(drive.version)")
    }

    private func sayGoodbye(_ path: String, _ engine: Engine, _ console: Console) {
        let bytes = engine.transferred
        if console.isJSON {
            return console.json([
                "event": "unmounted", "mountpoint": .string(path),
                "bytesReceived": .number(bytes.received), "bytesSent": .number(bytes.sent),
            ])
        }
        console.note(
            "unmounted; received \(Format.size(bytes.received)), sent \(Format.size(bytes.sent))")
    }
}
