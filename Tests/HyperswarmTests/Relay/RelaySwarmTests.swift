import HyperCrypto
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Hyperswarm

/// Two swarms on the loopback that know nothing but a relay.
@Suite(.timeLimit(.minutes(1)))
struct RelaySwarmTests {
    private let topic = Blake2b.hash32(Array("a relayed topic".utf8))

    @Test func bytesCrossARelayBothWaysAndWhoCallsSpeaksFirst() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = EntryNode.Configuration(
            listen: Swarm.Address(host: "127.0.0.1", port: 0))
        configuration.relay = .init()
        let node = EntryNode(loop: group.next(), configuration: configuration)
        let relay = try await node.start()[0]
        let payload = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let onlyRelay: (inout Swarm.Configuration) -> Void = {
            $0.mdns = false
            $0.relays = [relay]
        }
        let server = TestSwarm(greeting: payload, onlyRelay)
        let client = TestSwarm(greeting: [1, 2, 3], onlyRelay)
        for side in [server, client] { _ = try await side.swarm.start() }
        server.swarm.join(topic, announce: true, lookup: false)
        client.swarm.join(topic)
        try await eventually { client.recorder.received.count == payload.count }
        try await eventually { server.recorder.received == [1, 2, 3] }
        let isSame = client.recorder.received == payload
        #expect(isSame)
        #expect(client.recorder.events.first == .opened(isInitiator: true))
        #expect(server.recorder.events.first == .opened(isInitiator: false))
        #expect(client.recorder.connections.map(\.transport) == [.relay])
        let status = await node.status()
        #expect(status?.relayedPairs == 1)
        #expect(status?.relayedBytes == UInt64(payload.count + 3))
        // The next caller finds somebody as well.
        while await node.status()?.relayWaits != 1 { await Task.yield() }
        try await client.stop()
        try await eventually { server.recorder.events.contains(.closed) }
        try await server.stop()
        await node.stop()
        try await group.shutdownGracefully()
    }
}
