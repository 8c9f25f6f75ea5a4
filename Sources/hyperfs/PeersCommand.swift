import ArgumentParser
import Foundation
import Node

/// `hyperfs peers`: who is connected, and how.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Who is connected, how, and how fast.",
        discussion: """
            Asks the mount or share that runs on this store. 'via' tells what carries the \
            connection and how the peer was found: given, lan, dht, mainline, remembered, or \
            incoming when it came to us.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "Only peers that have this drive.")
    var drive: String?

    func run() async throws {
        let console = common.console()
        let store = try common.storeFolder
        var path = "/v1/peers"
        if let drive {
            let reference = try DriveReference(drive)
            path += "?drive=\(try reference.key(store: store).hex)"
        }
        guard let data = try await ControlClient.get(path, store: store) else {
            throw NodeError(
                .notMounted, "nothing runs on the store \(store)",
                hint: "start a mount or a share, or name its store with --store")
        }
        guard let peers = try? JSONDecoder().decode([PeerRecord].self, from: data) else {
            throw NodeError(
                .failed, "the answer of the running process is not understood",
                hint: "is it another version of hyperfs? Start it anew")
        }
        if console.isJSON {
            for peer in peers { console.json(peer.json) }
            return
        }
        if peers.isEmpty { return console.note("nobody is connected") }
        for line in PeerRecord.table(peers) { console.line(line) }
    }
}

/// A peer as the control socket tells it.
private struct PeerRecord: Decodable {
    let address: String
    let transport: String
    let origin: String
    let feeds: UInt64
    let roundTripMicroseconds: UInt64?
    let bytesPerSecond: UInt64
    let downloaded: UInt64
    let uploaded: UInt64

    var json: JSONValue {
        [
            "address": .string(address), "transport": .string(transport),
            "origin": .string(origin), "feeds": .number(feeds),
            "roundTripMicroseconds": roundTripMicroseconds.map { .number($0) } ?? .null,
            "bytesPerSecond": .number(bytesPerSecond), "downloaded": .number(downloaded),
            "uploaded": .number(uploaded),
        ]
    }

    /// A head and a line for each, in columns.
    static func table(_ peers: [PeerRecord]) -> [String] {
        let head = ["peer", "via", "round trip", "down", "up", "speed"]
        let rows = [head] + peers.map(\.cells)
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column < 2 ? Format.left(cell, widths[column]) : Format.right(cell, widths[column])
            }.joined(separator: "  ")
        }
    }

    private var cells: [String] {
        let trip = roundTripMicroseconds.map { Format.decimal(Double($0) / 1000) + " ms" }
        return [
            Printable.text(address), "\(Printable.text(transport)), \(Printable.text(origin))",
            trip ?? "-", Format.size(downloaded), Format.size(uploaded),
            bytesPerSecond > 0 ? Format.size(bytesPerSecond) + "/s" : "-",
        ]
    }
}
