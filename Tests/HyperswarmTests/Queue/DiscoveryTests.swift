import HyperCrypto
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Hyperswarm

/// Swarms that are told nothing but a topic, on the loopback.
@Suite(.timeLimit(.minutes(1)))
struct DiscoveryTests {
    /// Says its key on every connection, and uses those that the swarm wants to be used.
    private final class Greeter: Swarm.Handler {
        struct State {
            var inUse: Set<ObjectIdentifier> = []
            var open: [ObjectIdentifier: Swarm.Connection] = [:]
            var discovered: [Swarm.Address] = []
            var errors: [SwarmError.Code] = []
        }

        let key: Bytes32
        let state = Mutex(State())
        private let swarm = Mutex<Swarm?>(nil)

        init(key: Bytes32) { self.key = key }

        func attach(_ swarm: Swarm?) { self.swarm.withLock { $0 = swarm } }

        func opened(_ connection: Swarm.Connection) {
            state.withLock { $0.open[ObjectIdentifier(connection)] = connection }
            connection.send(key.bytes)
        }

        func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {
            guard let remote = Bytes32(bytes), let swarm = swarm.withLock({ $0 }) else { return }
            guard swarm.identified(connection, local: key, remote: remote) else { return }
            state.withLock { _ = $0.inUse.insert(ObjectIdentifier(connection)) }
        }

        func promoted(_ connection: Swarm.Connection) {
            state.withLock { _ = $0.inUse.insert(ObjectIdentifier(connection)) }
        }

        func closed(_ connection: Swarm.Connection, error: (any Error)?) {
            state.withLock {
                $0.open[ObjectIdentifier(connection)] = nil
                $0.inUse.remove(ObjectIdentifier(connection))
            }
        }

        func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {}
        func unreachable(_ peer: Swarm.Address, error: SwarmError) {
            state.withLock { $0.errors.append(error.code) }
        }
        func discovered(_ peer: Swarm.Address, by origin: Swarm.PeerOrigin) {
            state.withLock { if origin == .lan { $0.discovered.append(peer) } }
        }
    }

    private struct Side: Sendable {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let greeter: Greeter
        let swarm: Swarm

        init(key: UInt8, mdns: Bool = true) {
            greeter = Greeter(key: Bytes32(Array(repeating: key, count: 32)) ?? Bytes32())
            var configuration = Swarm.Configuration()
            configuration.listen = [Swarm.Address(host: "127.0.0.1", port: 0)]
            configuration.mdns = mdns
            configuration.dht = false
            swarm = Swarm(loop: group.next(), configuration: configuration, handler: greeter)
            greeter.attach(swarm)
        }

        var openCount: Int { greeter.state.withLock { $0.open.count } }
        var inUseCount: Int { greeter.state.withLock { $0.inUse.count } }

        func stop() async throws {
            await swarm.stop()
            greeter.attach(nil)
            try await group.shutdownGracefully()
        }
    }

    private let topic = Blake2b.hash32((0..<16).map { _ in UInt8.random(in: 0...255) })

    @Test func whoLooksFindsWhoAnnounces() async throws {
        let (sharer, reader) = (Side(key: 1), Side(key: 2))
        let address = try await sharer.swarm.start()[0]
        sharer.swarm.join(topic, announce: true, lookup: false)
        // Before the start is as good.
        reader.swarm.join(topic)
        _ = try await reader.swarm.start()
        try await eventually { reader.inUseCount == 1 && sharer.inUseCount == 1 }
        #expect(reader.greeter.state.withLock { $0.discovered } == [address])
        #expect(await reader.swarm.sourceStates().map(\.description) == ["LAN: answered"])
        try await reader.stop()
        try await eventually { sharer.openCount == 0 }
        try await sharer.stop()
    }

    @Test func ofTwoConnectionsOneSurvives() async throws {
        // Both dial as soon as they can; who began the surviving one depends on the keys only.
        for keys in [(1, 2), (2, 1)] as [(UInt8, UInt8)] {
            let sides = [Side(key: keys.0), Side(key: keys.1)]
            let addresses = try await [sides[0].swarm.start()[0], sides[1].swarm.start()[0]]
            sides[0].swarm.dial(addresses[1])
            sides[1].swarm.dial(addresses[0])
            let lower = keys.0 < keys.1 ? sides[0] : sides[1]
            try await eventually {
                sides.allSatisfy { $0.openCount == 1 && $0.inUseCount == 1 }
                    && lower.greeter.state.withLock {
                        $0.open.values.allSatisfy(\.isInitiator)
                    }
            }
            // The survivor goes: both addresses are dialed anew, and one survives again.
            let last = lower.greeter.state.withLock { $0.open.values.first }
            lower.swarm.loop.execute { last?.close(reason: nil) }
            try await eventually {
                sides.allSatisfy { $0.openCount == 1 && $0.inUseCount == 1 }
                    && lower.greeter.state.withLock {
                        $0.open.values.allSatisfy { $0.isInitiator && $0 !== last }
                    }
            }
            for side in sides { try await side.stop() }
        }
    }

    @Test func manyPeersOfATopicAllMeetOnce() async throws {
        let sides = (1...5).map { Side(key: UInt8($0)) }
        for side in sides {
            _ = try await side.swarm.start()
            side.swarm.join(topic, announce: true, lookup: true)
        }
        try await eventually { sides.allSatisfy { $0.openCount == 4 && $0.inUseCount == 4 } }
        for side in sides { try await side.stop() }
    }

    @Test func ourselvesUnderAnotherNameIsNoticedByTheKey() async throws {
        let (one, other) = (Side(key: 7), Side(key: 7))
        let address = try await one.swarm.start()[0]
        _ = try await other.swarm.start()
        other.swarm.dial(address)
        try await eventually { other.greeter.state.withLock { $0.errors } == [.ourselves] }
        try await eventually { one.openCount == 0 && other.openCount == 0 }
        try await one.stop()
        try await other.stop()
    }

    @Test func whoeverSwitchesMulticastOffIsNotFound() async throws {
        let (quiet, reader) = (Side(key: 1, mdns: false), Side(key: 2))
        _ = try await quiet.swarm.start()
        quiet.swarm.join(topic, announce: true, lookup: true)
        _ = try await reader.swarm.start()
        reader.swarm.join(topic)
        #expect(await quiet.swarm.sourceStates().isEmpty)
        // A third one is found, and by then the quiet one would have been.
        let third = Side(key: 3)
        let address = try await third.swarm.start()[0]
        third.swarm.join(topic, announce: true, lookup: false)
        try await eventually { reader.inUseCount == 1 }
        #expect(reader.greeter.state.withLock { $0.discovered } == [address])
        for side in [quiet, reader, third] { try await side.stop() }
    }
}
