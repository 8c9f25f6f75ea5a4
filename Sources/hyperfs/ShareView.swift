import Node
import Synchronization

/// What `hyperfs share` shows of its share: lines for people, or the node's own for programs.
final class ShareView: Sendable {
    private let console: Console
    private let meter: ProgressMeter
    private let findsPeers: Bool
    private let isDetached: Bool
    private let isKeyShown = Atomic<Bool>(false)

    init(_ console: Console, network: NetworkOptions, isDetached: Bool) {
        self.console = console
        self.isDetached = isDetached
        meter = ProgressMeter(console, verb: "imported")
        findsPeers = network.findsPeers
    }

    func show(_ line: JSONValue) {
        let event = line["event"]?.string
        if event == "note" {
            return console.note("hyperfs: \(Printable.text(line["text"]?.string ?? ""))")
        }
        // A node that takes another's place says it again.
        if event == "key", isKeyShown.exchange(true, ordering: .relaxed) { return }
        if console.isJSON { return console.json(line) }
        switch event {
        case "key": showKey(line)
        case "progress":
            meter.show(
                files: Int(clamping: line["files"]?.number ?? 0),
                of: Int(clamping: line["filesTotal"]?.number ?? 0),
                bytes: line["bytes"]?.number ?? 0, of: line["bytesTotal"]?.number ?? 0)
        case "ready":
            meter.finish()
            showReady(line)
        case "changed": showChange(line)
        default: break
        }
    }

    /// Takes what is left of the progress away.
    func finish() { meter.finish() }

    private func showKey(_ line: JSONValue) {
        let key = line["key"]?.string ?? ""
        console.line(key)
        console.note("sharing \(Printable.text(line["path"]?.string ?? "")) as hyper://\(key)")
        console.note("who has this key can read the folder, for good: tell it only to them")
    }

    private func showReady(_ line: JSONValue) {
        let version = line["version"]?.number ?? 0
        let key = line["key"]?.string ?? ""
        guard let address = line["listen"]?.array?.first?.string else {
            return console.note("imported, version \(version); the network is off")
        }
        console.note("ready, version \(version). Elsewhere:")
        if findsPeers {
            console.note("  hyperfs mount \(key) DIR")
            console.note("(and --peer \(address) where this machine is not found by itself)")
        } else {
            console.note("  hyperfs mount \(key) DIR --peer \(address)")
        }
        if isDetached { console.note("the node goes on; 'hyperfs unshare' ends it") }
    }

    private func showChange(_ line: JSONValue) {
        let paths = line["paths"]?.array?.compactMap(\.string) ?? []
        let names = paths.prefix(3).map { Printable.text($0) }.joined(separator: ", ")
        let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
        console.note("version \(line["version"]?.number ?? 0): \(names)\(more)")
    }
}
