import ArgumentParser
import Glibc
import Node

/// `hyperfs status`: mounts, shares, seeds, peers and rates of the node.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show mounts, shares, seeds, peers and traffic.")

    @OptionGroup var common: CommonOptions

    @Flag(name: .shortAndLong, help: "Go on showing it, until Ctrl-C.")
    var watch = false

    /// How often a watcher looks.
    private static let pause: Duration = .seconds(1)

    func run() async throws {
        let console = common.console()
        let store = try common.storeFolder
        guard let client = try await ControlClient.find(store: store) else {
            throw nobody(store)
        }
        guard watch else { return show(try await client.request(.get, "/v1/status"), console) }
        let task = Task {
            while true {
                show(try await client.request(.get, "/v1/status"), console)
                try await Task.sleep(for: Self.pause)
            }
        }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        // Who watches ends it: that is no failure.
        if interruption.signalNumber != nil { return }
        do {
            try result.get()
        } catch is ControlClient.Nobody {
            console.note("the node has ended")
        }
    }

    private func nobody(_ store: String) -> NodeError {
        let dead = StoreNode.deadMounts(of: store)
        guard let first = dead.first else {
            return NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "it starts with the first mount, share or seed")
        }
        return NodeError(
            .notMounted,
            "no node runs on the store \(store), and one that is gone has left mounted: "
                + dead.joined(separator: ", "),
            hint: "the next mount, share or seed clears that away, or 'hyperfs unmount \(first)'")
    }

    private func show(_ status: JSONValue, _ console: Console) {
        if console.isJSON { return console.json(status) }
        let view = StatusView(status)
        guard watch, Console.isTerminal else {
            view.lines.forEach(console.line)
            if watch { console.line("") }
            return
        }
        var window = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0
        let columns = isKnown && window.ws_col > 0 ? Int(window.ws_col) : 80
        let rows = isKnown && window.ws_row > 0 ? Int(window.ws_row) : 24
        // Home, the lines with what stood behind them wiped away, and the rest of the screen.
        let text = view.lines(columns: columns, rows: rows - 1)
            .map { $0 + "\u{1B}[K\n" }.joined()
        console.write(Array("\u{1B}[H\(text)\u{1B}[J".utf8))
    }
}
