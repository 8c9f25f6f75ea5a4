import HyperCrypto
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Hyperswarm

/// Our uTP and our Mainline node with those of somebody else.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct LibtorrentTests {
    private func libtorrent(_ payloadBytes: Int) throws -> Libtorrent? {
        guard let other = try Libtorrent(payloadBytes: payloadBytes) else {
            #expect(!ProcessEnvironment.isCI, "no libtorrent: install python3-libtorrent")
            return nil
        }
        return other
    }

    private func swarm(
        _ handler: any Swarm.Handler, on group: MultiThreadedEventLoopGroup,
        _ configure: (inout Swarm.Configuration) -> Void = { _ in }
    ) -> Swarm {
        var configuration = Swarm.Configuration()
        configuration.listen = [Swarm.Address(host: "127.0.0.1", port: 0)]
        configuration.mdns = false
        configuration.dht = false
        configure(&configuration)
        return Swarm(loop: group.next(), configuration: configuration, handler: handler)
    }

    /// Its segments, its acknowledgments, its window, its end.
    @Test func aFileComesWholeOverUTP() async throws {
        guard let other = try libtorrent(6_000_000) else { return }
        defer { other.stop() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let leech = BitTorrentLeech(
            infoHash: other.infoHash, fileBytes: other.payload.count,
            pieceBytes: Libtorrent.pieceBytes)
        let swarm = swarm(leech, on: group)
        _ = try await swarm.start()
        // It refuses TCP, and who refuses on the loopback is not tried otherwise.
        let address = other.address
        swarm.loop.execute { swarm.dialByUTP(address) }
        try await eventually { leech.isComplete }
        #expect(leech.transports == [.utp], "it takes no TCP")
        let isSame = leech.file == other.payload
        #expect(isSame)
        await swarm.stop()
        try await group.shutdownGracefully()
    }

    @Test func itsDialIsAccepted() async throws {
        guard let other = try libtorrent(100_000) else { return }
        defer { other.stop() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let leech = BitTorrentLeech(
            infoHash: other.infoHash, fileBytes: other.payload.count,
            pieceBytes: Libtorrent.pieceBytes)
        let swarm = swarm(leech, on: group)
        let address = try await swarm.start()[0]
        try other.connect(to: address)
        try await eventually { leech.isComplete }
        #expect(leech.transports == [.utp])
        let isSame = leech.file == other.payload
        #expect(isSame)
        await swarm.stop()
        try await group.shutdownGracefully()
    }

    /// Its node is the only one that both know: what one announces there the other finds.
    @Test func peersMeetInItsDHT() async throws {
        guard let other = try libtorrent(1000) else { return }
        defer { other.stop() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let topic = Blake2b.hash32(Array("a topic in Mainline".utf8))
        let recorders = [Recorder(), Recorder()]
        let swarms = recorders.map { recorder in
            swarm(recorder, on: group) {
                $0.mainline = true
                $0.mainlineBootstrap = [other.address]
            }
        }
        for swarm in swarms { _ = try await swarm.start() }
        swarms[0].join(topic, announce: true, lookup: false)
        swarms[1].join(topic)
        try await eventually { !recorders[1].connections.isEmpty }
        #expect(recorders[1].origins.contains(.mainline))
        let states = await swarms[1].sourceStates().map(\.description)
        #expect(states.count == 1 && states[0].hasPrefix("Mainline: "), "\(states)")
        for swarm in swarms { await swarm.stop() }
        try await group.shutdownGracefully()
    }
}
