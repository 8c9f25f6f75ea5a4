import DHTSimulation
import Foundation
import HyperCrypto
import Hyperswarm
import NIOCore

/// The DHT in one thread on a virtual clock: what a lookup costs in networks of growing size, and
/// what a node has to carry. Not a matter of speed: the numbers are those of the seed.
enum DHTRuns {
    /// One thousand and ten thousand nodes; with `full`, a hundred thousand.
    static func run(full: Bool) {
        print("| DHT simulation, median / 95th percentile | |")
        print("|---|---|")
        for count in full ? [1_000, 10_000, 100_000] : [1_000, 10_000] {
            measure(count)
        }
    }

    private static func measure(_ count: Int) {
        let started = Date()
        let network = grown(to: count)
        var conditions = network.conditions
        conditions.loss = 0.02
        network.conditions = conditions
        let lookups = 200
        var found = 0
        var toFirst: [Double] = []
        var requests: [Double] = []
        var rounds: [Double] = []
        var all: [Double] = []
        var announces: [Double] = []
        // Looked up by newcomers who come all at once: while each is awaited, time passes for every
        // node of the network.
        var searches: [(topic: DHTKey, announcer: Int)] = []
        for number in 0..<lookups {
            let topic = DHTKey(Blake2b.hash32(Array("topic \(number)".utf8)))
            let announcer = network.anyHonest()
            announces.append(Double(network.announce(topic, from: announcer).datagrams))
            if number % 4 == 0 {
                // Some go, some come.
                network.kill(network.anyHonest())
                network.addNode()
            }
            searches.append((topic, announcer))
        }
        let clients = searches.map { _ in network.addNode(mode: .ephemeral) }
        network.run(for: .seconds(3))
        for ((topic, announcer), client) in zip(searches, clients) {
            let outcome = network.lookup(topic, from: client)
            guard outcome.peers.contains(network.endpoint(announcer)),
                let first = outcome.timeToFirst
            else { continue }
            found += 1
            toFirst.append(Double(outcome.datagramsToFirst ?? 0))
            requests.append(Double(outcome.requestsToFirst ?? 0))
            rounds.append(
                Double(first.nanoseconds) / Double(network.conditions.roundTrip.nanoseconds))
            all.append(Double(outcome.datagrams))
        }
        let before = network.load
        network.run(for: .seconds(60))
        let idle = zip(network.load, before).map { Double($0 - $1) / 60 }
        let size = "\(count) nodes:"
        print("| \(size) peers found | \(found) of \(lookups) |")
        print("| \(size) datagrams to the first peers | \(spread(toFirst)) |")
        print("| \(size) requests to the first peers | \(spread(requests)) |")
        print("| \(size) round trips to the first peers | \(spread(rounds)) |")
        print("| \(size) datagrams of a lookup | \(spread(all)) |")
        print("| \(size) datagrams of an announce | \(spread(announces)) |")
        print("| \(size) datagrams a second received by an idle node | \(spread(idle)) |")
        let seconds = Int(Date().timeIntervalSince(started))
        print("| \(size) memory of the simulation | \(residentMiB()) MiB, \(seconds) s |")
        fflush(nil)
    }

    /// A network that has grown while it was alive.
    private static func grown(to count: Int) -> DHTSimulation {
        let network = DHTSimulation(seed: 2026)
        network.grow(to: count, over: .milliseconds(5 * Int64(count)))
        network.run(for: .seconds(60))
        let joined = network.load.reduce(0, +)
        print("| \(count) nodes: datagrams received per node while joining | \(joined / count) |")
        fflush(nil)
        return network
    }

    private static func spread(_ values: [Double]) -> String {
        guard !values.isEmpty else { return "-" }
        let sorted = values.sorted()
        let middle = sorted[sorted.count / 2]
        let high = sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
        return String(format: "%.1f / %.1f", middle, high)
    }

    private static func residentMiB() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS") {
            return (line.split { !$0.isNumber }.compactMap { Int($0) }.first ?? 0) / 1024
        }
        return -1
    }
}
