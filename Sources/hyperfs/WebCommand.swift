import ArgumentParser
import Foundation
import Node

/// `hyperfs web`: the page in the browser.
struct WebCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web", abstract: "Open the local web page: drives, peers, files, keys.",
        discussion: """
            Prints an address that lets one browser in, and opens it where there is a desktop. The \
            page is on this machine only, and there until Ctrl-C.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Option(name: .long, help: ArgumentHelp("Its port (default: any).", valueName: "port"))
    var port: UInt16 = 0

    @Flag(name: .customLong("no-open"), help: "Only print the address.")
    var noOpen = false

    @Argument(help: "What to show first: a drive, or a path in one.", completion: .drivePath)
    var drivePath: String?

    func run() async throws {
        let console = common.console(outlivesReader: true)
        let access = NodeAccess(common: common, network: network, console: console)
        let client = try await access.node()
        var request: [JSONValue.Member] = [
            .init(name: "port", value: .number(UInt64(port))),
            .init(name: "peers", value: .array(network.peer.map { .string($0) })),
        ]
        if let drivePath { request.append(.init(name: "path", value: .string(drivePath))) }
        let body = JSONValue.object(request)
        let noOpen = noOpen
        let task = Task {
            try await client.stream(.post, "/v1/web", body) { event in
                guard let url = event["url"]?.string else { return }
                if console.isJSON { return console.json(event) }
                console.line(url)
                console.note("good for one browser; Ctrl-C closes the page")
                if !noOpen { Self.open(url) }
            }
        }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        if interruption.signalNumber != nil { return }
        try result.get()
    }

    /// Best effort: the address is on the screen.
    private static func open(_ url: String) {
        let hasDesktop = ["DISPLAY", "WAYLAND_DISPLAY"].contains {
            CommonOptions.environment($0) != nil
        }
        guard Console.isTerminal, hasDesktop else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/xdg-open")
        process.arguments = [url]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try? process.run()
    }
}
