import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DatagramPortTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// What ports heard, by the protocol that it was taken for.
    private final class Ears: Sendable {
        let heard = Mutex<[String: [UInt8]]>([:])

        func note(_ name: String, _ bytes: ByteBuffer) {
            heard.withLock { $0[name] = Array(buffer: bytes) }
        }
    }

    private func onLoop<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await group.next().submit(body).get()
    }

    private func makePort(
        _ host: String, _ ears: Ears
    ) async throws -> (NIOLoopBound<DatagramPort>, Endpoint) {
        let loop = group.next()
        let port = try await onLoop {
            let port = DatagramPort(loop: loop)
            port.onDHT = { bytes, _ in ears.note("DHT", bytes) }
            port.onKRPC = { bytes, _ in ears.note("KRPC", bytes) }
            return NIOLoopBound(port, eventLoop: loop)
        }
        let any = try #require(Swarm.Address("\(host):0").flatMap(Endpoint.init))
        return (port, try await loop.flatSubmit { port.value.bind(any) }.get())
    }

    private func shut(_ ports: [NIOLoopBound<DatagramPort>]) async throws {
        for port in ports { try await group.next().flatSubmit { port.value.close() }.get() }
        try await group.shutdownGracefully()
    }

    @Test(arguments: ["127.0.0.1", "[::1]"])
    func eachProtocolGetsItsOwn(host: String) async throws {
        let ears = Ears()
        let (left, _) = try await makePort(host, ears)
        let (right, endpoint) = try await makePort(host, ears)
        let message: [UInt8] = [0x58, 1, 0x08, 1, 0x10, 7]
        let dictionary = Array("d1:q4:pinge".utf8)
        try await onLoop {
            left.value.send(message, to: endpoint)
            left.value.send(dictionary, to: endpoint)
            // Nowhere to go; the socket survives it.
            left.value.send([1], to: Endpoint(ip: .v4(0xffff_ffff), port: 9))
            left.value.send([1], to: Endpoint(ip: endpoint.ip, port: 0))
        }
        try await eventually { ears.heard.withLock { $0.count } == 2 }
        ears.heard.withLock {
            #expect($0["DHT"] == message)
            #expect($0["KRPC"] == dictionary)
        }
        try await onLoop {
            let stray = UTPHeader(
                kind: .data, connectionID: 5, sequence: SequenceNumber(1),
                acknowledged: SequenceNumber(2))
            var bytes = [UInt8](repeating: 0, count: UTPHeader.size)
            bytes.withUnsafeMutableBytes { stray.write(to: $0) }
            left.value.send(bytes, to: endpoint)
        }
        try await shut([left, right])
    }

    @Test func millionsOfBytesCrossARealSocketBothWays() async throws {
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let server = TestSwarm(greeting: payload)
        let address = try await server.swarm.start()[0]
        let client = TestSwarm(listen: [], greeting: Array(payload.reversed()))
        _ = try await client.swarm.start()
        client.dialByUTP(address)
        try await eventually { server.recorder.received.count == payload.count }
        try await eventually { client.recorder.received.count == payload.count }
        let isSame =
            client.recorder.received == payload && server.recorder.received == payload.reversed()
        #expect(isSame)
        #expect(client.recorder.connections[0].channel == nil, "not over TCP")
        let connection = client.recorder.connections[0]
        client.swarm.loop.execute { connection.close(reason: nil) }
        try await eventually { server.recorder.events.contains(.closed) }
        try await eventually { client.recorder.events.contains(.closed) }
        try await client.stop()
        try await server.stop()
    }

    @Test func aDialGetsThroughByUTPWhereTCPIsSwallowed() async throws {
        let server = TestSwarm(greeting: [1, 2, 3])
        let address = try await server.swarm.start()[0]
        try await server.swarm.closeTCP()
        let hole = try BlackHole(port: address.port)
        let client = TestSwarm(listen: [], peers: [address], greeting: [4])
        _ = try await client.swarm.start()
        try await eventually { client.recorder.received == [1, 2, 3] }
        try await eventually { server.recorder.received == [4] }
        #expect(client.recorder.events == [.opened(isInitiator: true)])
        #expect(server.recorder.events == [.opened(isInitiator: false)])
        #expect(client.recorder.connections[0].peer == address)
        try await server.stop()
        try await eventually { client.recorder.events.last == .closed }
        try await client.stop()
        hole.close()
    }

    @Test func withoutUTPAndDHTNobodyBindsUDP() async throws {
        var configuration = Swarm.Configuration()
        configuration.listen = [Swarm.Address(host: "127.0.0.1", port: 0)]
        configuration.utp = false
        configuration.dht = false
        let loop = group.next()
        let swarm = Swarm(loop: loop, configuration: configuration, handler: Recorder())
        let address = try await swarm.start()[0]
        let other = DatagramPortTests()
        let (port, _) = try await other.makePort("127.0.0.1", Ears())
        let endpoint = try #require(Endpoint(address))
        let bound = try await other.group.next().flatSubmit { port.value.bind(endpoint) }.get()
        #expect(Int(bound.port) == address.port)
        await swarm.stop()
        try await other.shut([port])
        try await group.shutdownGracefully()
    }

    @Test func aUDPPortInUseIsSaidSo() async throws {
        let (port, endpoint) = try await makePort("127.0.0.1", Ears())
        let swarm = TestSwarm(listen: [endpoint.description])
        await #expect {
            _ = try await swarm.swarm.start()
        } throws: { error in
            (error as? SwarmError)?.code == .addressInUse
        }
        try await swarm.stop()
        try await shut([port])
    }
}

/// A TCP port that takes no connection and refuses none: its queue is full.
private struct BlackHole {
    private let descriptors: [CInt]

    init(port: Int) throws {
        let endpoint = Endpoint(ip: .v4(0x7f00_0001), port: UInt16(port))
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: CInt = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        try #require(endpoint.withSocketAddress { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 0) == 0)
        let nonBlocking = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let callers = (0..<4).map { _ in socket(AF_INET, nonBlocking, 0) }
        for caller in callers { _ = endpoint.withSocketAddress { connect(caller, $0, $1) } }
        descriptors = [listener] + callers
    }

    func close() { descriptors.forEach { _ = Glibc.close($0) } }
}

extension TestSwarm {
    /// Dials without TCP.
    func dialByUTP(_ address: Swarm.Address) {
        let swarm = swarm
        swarm.loop.execute { swarm.dialByUTP(address) }
    }
}

extension Swarm {
    fileprivate func closeTCP() async throws {
        try await loop.flatSubmit {
            let listeners = self.state.value.listeners
            listeners.forEach { $0.close(promise: nil) }
            return EventLoopFuture.andAllComplete(listeners.map(\.closeFuture), on: self.loop)
        }.get()
    }
}
