import DHTSimulation
import HyperCrypto
import Hyperswarm
import NIOCore
import TestSupport
import Testing

/// A network of some hundred nodes in one thread. Ten and a hundred thousand: `Benchmarks/run.sh
/// dht-simulation`.
@Suite(.timeLimit(.minutes(1)))
struct DHTSimulationTests {
    private func topic(_ number: Int) -> DHTKey {
        DHTKey(Blake2b.hash32(Array("topic \(number)".utf8)))
    }

    @Test func announcedPeersAreFoundInSpiteOfLossAndLiarsAndChurn() {
        var conditions = DHTSimulation.Conditions()
        conditions.loss = 0.03
        conditions.liars = 0.05
        let network = DHTSimulation(seed: 2026, conditions: conditions)
        network.grow(to: 300, over: .seconds(60))
        network.run(for: .seconds(20))
        var announcers: [Endpoint] = []
        for number in 0..<20 {
            let index = network.anyHonest()
            announcers.append(network.endpoint(index))
            let outcome = network.announce(topic(number), from: index)
            #expect((outcome.summary?.acknowledged ?? 0) >= 8)
        }
        // A tenth leaves, as many come.
        for _ in 0..<30 { network.kill(network.anyHonest()) }
        network.grow(to: 330, over: .seconds(10))
        var found = 0
        for number in 0..<20 {
            let client = network.addNode(mode: .ephemeral)
            network.run(for: .seconds(2))
            let outcome = network.lookup(topic(number), from: client)
            if outcome.peers.contains(announcers[number]) { found += 1 }
        }
        #expect(found == 20)
    }

    @Test func theSameSeedIsTheSameRun() {
        func run() -> [Int] {
            let network = DHTSimulation(seed: 11)
            network.grow(to: 60, over: .seconds(10))
            network.run(for: .seconds(60))
            return network.load
        }
        #expect(run() == run())
    }

    @Test func aLookupCostsFewMessagesAndNobodyCarriesTheLoadOfAll() {
        let network = DHTSimulation(seed: 5)
        network.grow(to: 400, over: .seconds(60))
        network.run(for: .seconds(10))
        var toFirst: [Int] = []
        let before = network.load
        for number in 0..<30 {
            _ = network.announce(topic(number), from: network.anyHonest())
            let outcome = network.lookup(topic(number), from: network.anyHonest())
            toFirst.append(outcome.datagramsToFirst ?? 1000)
        }
        #expect(toFirst.reduce(0, +) < 40 * toFirst.count, "\(toFirst)")
        let load = zip(network.load, before).map { $0 - $1 }
        let mean = Double(load.reduce(0, +)) / Double(load.count)
        #expect(Double(load.max() ?? 0) < 20 * mean, "mean \(mean)")
    }
}
