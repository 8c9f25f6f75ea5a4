import TestSupport
import Testing

/// `hyperfs bootstrap`, three times, on the public addresses of an internet: a DHT to meet in.
final class EntryNodes {
    /// What makes a command use them.
    let options: [String]
    private let nodes: [RunningCommand]

    init(on internet: Internet) async throws {
        let places = (1...3).map { "\(internet.server($0)):49737" }
        let command = try Command(internet.servers)
        var nodes: [RunningCommand] = []
        for (index, place) in places.enumerated() {
            let others = places.filter { $0 != place }.flatMap { ["--bootstrap", $0] }
            let store = command.home("node\(index)")
            let words = ["bootstrap", "--listen", place, "--json", "--store", store]
            let node = try RunningCommand(command, words + others)
            _ = try #require(await node.event("ready"), "\(node.errors)")
            nodes.append(node)
        }
        self.nodes = nodes
        options = places.flatMap { ["--bootstrap", $0] }
    }

    /// The status of each at its end.
    func end() -> [Int32] { nodes.map { $0.end() } }
}
