import NIOCore
import NIOPosix
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct SwarmTests {
    @Test func twoSwarmsExchangeBytesAndKnowWhoDialed() async throws {
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let server = TestSwarm(greeting: payload)
        let address = try await server.swarm.start()[0]
        let client = TestSwarm(listen: [], peers: [address], greeting: [1, 2, 3])
        _ = try await client.swarm.start()
        try await eventually { client.recorder.received.count == payload.count }
        try await eventually { server.recorder.received.count == 3 }
        #expect(client.recorder.received == payload)
        #expect(server.recorder.received == [1, 2, 3])
        #expect(client.recorder.events.first == .opened(isInitiator: true))
        #expect(server.recorder.events.first == .opened(isInitiator: false))
        try await client.stop()
        try await eventually { server.recorder.events.contains(.closed) }
        try await server.stop()
    }

    @Test func bothFamiliesShareAPort() async throws {
        let server = TestSwarm(listen: ["0.0.0.0:0", "[::]:0"])
        let bound = try await server.swarm.start()
        #expect(!bound.isEmpty)
        #expect(bound.allSatisfy { $0.port != 0 && $0.host != "0.0.0.0" && $0.host != "::" })
        if bound.contains(where: { $0.host.contains(":") }) {
            #expect(Set(bound.map(\.port)).count == 1)
        }
        try await server.stop()
    }

    @Test func aLostPeerIsDialedAgain() async throws {
        let server = TestSwarm()
        let address = try await server.swarm.start()[0]
        let client = TestSwarm(listen: [], peers: [address])
        _ = try await client.swarm.start()
        try await eventually { server.recorder.connections.count == 1 }
        let first = server.recorder.connections[0]
        server.swarm.loop.execute { first.close(reason: nil) }
        try await eventually { server.recorder.connections.count == 2 }
        #expect(
            client.recorder.events == [
                .opened(isInitiator: true), .closed, .opened(isInitiator: true),
            ])
        try await client.stop()
        try await server.stop()
    }

    @Test func anAbsentPeerIsToldAndTriedUntilItComes() async throws {
        let server = TestSwarm()
        let address = try await server.swarm.start()[0]
        try await server.stop()
        let client = TestSwarm(listen: [], peers: [address])
        _ = try await client.swarm.start()
        try await eventually { !client.recorder.events.isEmpty }
        #expect(client.recorder.events == [.unreachable(address, .refused)])
        let late = TestSwarm(listen: [address.description])
        _ = try await late.swarm.start()
        try await eventually { client.recorder.events.last == .opened(isInitiator: true) }
        try await client.stop()
        try await late.stop()
    }

    @Test func dialingOurselvesEndsAtOnceAndForGood() async throws {
        let alone = TestSwarm()
        let address = try await alone.swarm.start()[0]
        alone.swarm.dial(address)
        let told = Recorder.Event.unreachable(address, .ourselves)
        try await eventually { alone.recorder.events.contains(told) }
        // A second dial of the same address would be remembered as well: it is free again.
        alone.swarm.dial(address)
        try await eventually { alone.recorder.events.filter { $0 == told }.count == 2 }
        try await alone.stop()
    }

    @Test func anAddressInUseIsSaidSo() async throws {
        let first = TestSwarm()
        let address = try await first.swarm.start()[0]
        let second = TestSwarm(listen: [address.description])
        await #expect {
            _ = try await second.swarm.start()
        } throws: { error in
            (error as? SwarmError)?.code == .addressInUse
        }
        try await first.stop()
        try await second.stop()
    }

    @Test func anAddressOfAnotherMachineIsSaidSo() async throws {
        let swarm = TestSwarm(listen: ["192.0.2.1:0"])
        await #expect {
            _ = try await swarm.swarm.start()
        } throws: { error in
            (error as? SwarmError)?.code == .addressNotHere
        }
        try await swarm.stop()
    }

    @Test func aPeerThatDoesNotReadMakesTheConnectionFull() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let accepted = group.next().makePromise(of: (any Channel).self)
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                accepted.succeed(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        // More than the kernel's buffers of both ends can ever hold.
        let flood = [UInt8](repeating: 7, count: 64 << 20)
        let peer = Swarm.Address(host: "127.0.0.1", port: port)
        let client = TestSwarm(listen: [], peers: [peer], greeting: flood)
        _ = try await client.swarm.start()
        try await eventually { client.recorder.events.contains(.writable(false)) }
        try await accepted.futureResult.get().setOption(.autoRead, value: true).get()
        try await eventually { client.recorder.events.last == .writable(true) }
        try await client.stop()
        try await listener.close()
        try await group.shutdownGracefully()
    }

    /// Who never shows a key keeps nobody out but his own.
    @Test func oneHostCannotTakeEveryPlace() async throws {
        let server = TestSwarm()
        let address = try await server.swarm.start()[0]
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var clients: [any Channel] = []
        for _ in 0...Limits.Own.strangersPerHostMax {
            let client = ClientBootstrap(group: group)
            clients.append(try await client.connect(host: address.host, port: address.port).get())
        }
        try await #require(clients.last).closeFuture.get()
        #expect(server.recorder.connections.count == Limits.Own.strangersPerHostMax)
        try await server.stop()
        try await group.shutdownGracefully()
    }
}
