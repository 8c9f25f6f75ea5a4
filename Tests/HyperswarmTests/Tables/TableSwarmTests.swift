import HyperCrypto
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Hyperswarm

/// Swarms on the loopback that know nothing but an entry node.
@Suite(.timeLimit(.minutes(1)))
struct TableSwarmTests {
    private let topic = Blake2b.hash32(Array("a topic".utf8))

    /// A small network of our DHT: three nodes, of which the second and third know the first.
    private struct Network {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var nodes: [EntryNode] = []
        var addresses: [Swarm.Address] = []

        init(_ count: Int = 3) async throws {
            for _ in 0..<count {
                var configuration = EntryNode.Configuration(
                    listen: Swarm.Address(host: "127.0.0.1", port: 0))
                configuration.bootstrap = Array(addresses.prefix(1))
                let node = EntryNode(loop: group.next(), configuration: configuration)
                addresses.append(try await node.start()[0])
                nodes.append(node)
            }
        }

        func stop() async throws {
            for node in nodes { await node.stop() }
            try await group.shutdownGracefully()
        }
    }

    private func side(
        _ entry: Swarm.Address, utp: Bool = true, memory: Swarm.Memory = .init(),
        listen: String = "127.0.0.1:0"
    ) -> TestSwarm {
        TestSwarm(listen: [listen]) {
            $0.mdns = false
            $0.utp = utp
            $0.bootstrap = [entry]
            $0.memory = memory
        }
    }

    @Test(arguments: [true, false])
    func twoThatShareATopicFindEachOther(utp: Bool) async throws {
        let network = try await Network()
        let server = side(network.addresses[0], utp: utp)
        _ = try await server.swarm.start()
        server.swarm.join(topic, announce: true, lookup: false)
        let client = side(network.addresses[2], utp: utp)
        _ = try await client.swarm.start()
        // Maybe before anybody has heard of the other: then the search is repeated soon.
        client.swarm.join(topic)
        try await eventually { !server.recorder.connections.isEmpty }
        try await eventually { !client.recorder.connections.isEmpty }
        #expect(client.recorder.events.contains(.opened(isInitiator: true)))
        let states = await client.swarm.sourceStates().map(\.description)
        #expect(states.count == 1 && states[0].hasPrefix("DHT: "), "\(states)")
        try await client.stop()
        try await server.stop()
        try await network.stop()
    }

    /// A search that begins long after the last datagram counts from its own beginning: else it
    /// would be late before its first answer.
    @Test func aRepeatedSearchFindsWhoHasComeMeanwhile() async throws {
        let network = try await Network(1)
        let client = side(network.addresses[0])
        _ = try await client.swarm.start()
        client.swarm.join(topic)
        try await eventually { client.recorder.searches == [true, false] }
        let server = side(network.addresses[0])
        _ = try await server.swarm.start()
        server.swarm.join(topic, announce: true, lookup: false)
        // Found by the first repetition, or by the second if the announcement took long.
        try await eventually { !client.recorder.connections.isEmpty }
        try await client.stop()
        try await server.stop()
        try await network.stop()
    }

    /// Who leaves takes back what was announced: others do not knock in vain for 16 minutes.
    @Test func whoLeavesIsNoLongerFound() async throws {
        let network = try await Network(1)
        let server = side(network.addresses[0])
        _ = try await server.swarm.start()
        server.swarm.join(topic, announce: true, lookup: false)
        let first = side(network.addresses[0])
        _ = try await first.swarm.start()
        first.swarm.join(topic)
        try await eventually { !first.recorder.connections.isEmpty }
        try await first.stop()
        try await server.stop()
        let second = side(network.addresses[0])
        _ = try await second.swarm.start()
        second.swarm.join(topic)
        try await eventually { second.recorder.searches == [true, false] }
        #expect(second.recorder.discovered.isEmpty)
        try await second.stop()
        try await network.stop()
    }

    /// No entry point, no LAN: a node and a peer that were there before are enough.
    @Test func whatWasRememberedIsEnough() async throws {
        let network = try await Network(1)
        let server = side(network.addresses[0])
        _ = try await server.swarm.start()
        server.swarm.join(topic, announce: true, lookup: false)
        let first = side(network.addresses[0])
        _ = try await first.swarm.start()
        first.swarm.join(topic)
        try await eventually { !first.recorder.connections.isEmpty }
        let connection = first.recorder.connections[0]
        let swarm = first.swarm
        let isUsed = try await swarm.loop.submit {
            swarm.identified(
                connection, local: Blake2b.hash32([1]), remote: Blake2b.hash32([2]))
        }.get()
        #expect(isUsed)
        let memory = await first.swarm.memory()
        #expect(memory.peers.count == 1)
        #expect(!memory.dhtNodes.isEmpty)
        try await first.stop()
        try await network.stop()
        // The nodes are gone; the peer is not.
        let second = TestSwarm {
            $0.mdns = false
            $0.memory = memory
        }
        _ = try await second.swarm.start()
        second.swarm.join(topic)
        try await eventually { !second.recorder.connections.isEmpty }
        #expect(second.recorder.origins == [.remembered])
        try await second.stop()
        try await server.stop()
    }

    @Test func aPeerThatIsNeverThereIsForgotten() async throws {
        let dead = TestSwarm { $0.mdns = false }
        let address = try await dead.swarm.start()[0]
        try await dead.stop()
        var memory = Swarm.Memory()
        memory.peers = [
            .init(
                address: address.description, topics: [topic.hex],
                misses: Limits.Queue.rememberedMisses)
        ]
        let swarm = TestSwarm {
            $0.mdns = false
            $0.memory = memory
        }
        _ = try await swarm.swarm.start()
        swarm.swarm.join(topic)
        try await eventually { !swarm.recorder.events.isEmpty }
        #expect(await swarm.swarm.memory().peers.isEmpty)
        try await swarm.stop()
    }

    @Test func aNameOfAnEntryPointIsResolved() async throws {
        let network = try await Network(1)
        let port = network.addresses[0].port
        let swarm = side(Swarm.Address(host: "localhost", port: port))
        _ = try await swarm.swarm.start()
        swarm.swarm.join(topic)
        try await eventually { swarm.recorder.searches == [true, false] }
        let told = try await swarm.swarm.loop.submit {
            swarm.swarm.state.value.tables.dht?.node.nodeCount
        }.get()
        #expect(told == 1)
        try await swarm.stop()
        try await network.stop()
    }

    /// A node that comes back is who it was.
    @Test func anEntryNodeKeepsItsPlace() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = EntryNode.Configuration(
            listen: Swarm.Address(host: "127.0.0.1", port: 0))
        let first = EntryNode(loop: group.next(), configuration: configuration)
        _ = try await first.start()
        configuration.memory = await first.memory()
        await first.stop()
        #expect(configuration.memory.id.count == 64)
        let second = EntryNode(loop: group.next(), configuration: configuration)
        _ = try await second.start()
        #expect(await second.memory().id == configuration.memory.id)
        await second.stop()
        try await group.shutdownGracefully()
    }
}
