import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs info`: a drive as a whole.
struct InfoCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show a drive's keys, version, size and what is cached.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive>: a key, a URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let reference = try DriveReference(drive)
        try await reading(reference) { reader, console in
            let summary = try await reader.read { try DriveSummary($0) }
            let peers = try await reader.connectedPeers()
            if console.isJSON { return console.json(summary.json(peers: peers)) }
            let rows = [
                ("key", summary.key.hex), ("url", "hyper://\(summary.key.hex)"),
                ("content key", summary.contentKey.hex),
                ("discovery key", summary.key.discoveryKey.hex),
                ("version", "\(summary.version)"),
                ("writable", summary.isWritable ? "yes" : "no"),
                ("metadata", "\(summary.metadataBlocks) blocks"),
                (
                    "content",
                    "\(summary.contentBlocks) blocks, \(Format.size(summary.contentBytes))"
                ),
                ("cached", Format.size(summary.cachedBytes)), ("peers", "\(peers)"),
            ]
            rows.forEach { console.line(Format.left($0.0, 15) + $0.1) }
        }
    }
}
