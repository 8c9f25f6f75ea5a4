import HyperCrypto
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Hyperswarm

/// Real sockets, on the loopback only.
@Suite(.timeLimit(.minutes(1)))
struct LANPortTests {
    /// A port with its own loop, and whom it found.
    private final class Side: Sendable {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        private let port: NIOLoopBoundBox<LANPort?>
        private let loop: any EventLoop
        let found = Mutex<[Swarm.Address]>([])

        init() {
            loop = group.next()
            port = .makeEmptyBox(eventLoop: loop)
        }

        func start(_ topic: Bytes32, announce: Int?, lookup: Bool) {
            loop.execute {
                let port = LANPort(loop: self.loop, listening: [.v4(0x7f00_0001)]) { address, _ in
                    self.found.withLock { $0.append(address) }
                }
                port.start(port: announce.flatMap { UInt16(exactly: $0) })
                port.join(topic, announce: announce != nil, lookup: lookup)
                self.port.value = port
            }
        }

        func state() async throws -> String {
            try await loop.submit { self.port.value?.state ?? "" }.get()
        }

        func stop() async throws {
            try await loop.flatSubmit { () -> EventLoopFuture<Void> in
                defer { self.port.value = nil }
                return self.port.value?.stop() ?? self.loop.makeSucceededVoidFuture()
            }.get()
            try await group.shutdownGracefully()
        }
    }

    /// Another for each test: they share the wire.
    private let topic = Blake2b.hash32((0..<16).map { _ in UInt8.random(in: 0...255) })

    @Test(arguments: [true, false])
    func twoPortsOnOneMachineFindEachOther(isSearcherFirst: Bool) async throws {
        let (searcher, announcer) = (Side(), Side())
        if isSearcherFirst { searcher.start(topic, announce: nil, lookup: true) }
        announcer.start(topic, announce: 4711, lookup: false)
        if !isSearcherFirst { searcher.start(topic, announce: nil, lookup: true) }
        try await eventually { !searcher.found.withLock { $0.isEmpty } }
        #expect(searcher.found.withLock { $0.first?.description } == "127.0.0.1:4711")
        #expect(announcer.found.withLock { $0.isEmpty })
        #expect(try await searcher.state() == "LAN: answered")
        #expect(try await announcer.state() == "LAN: no answer yet")
        try await searcher.stop()
        try await announcer.stop()
    }

    @Test func manyPortsShareTheSocketNumber() async throws {
        let sides = (0..<8).map { _ in Side() }
        for (index, side) in sides.enumerated() {
            side.start(topic, announce: 5000 + index, lookup: true)
        }
        for (index, side) in sides.enumerated() {
            try await eventually { Set(side.found.withLock { $0.map(\.port) }).count == 7 }
            #expect(!side.found.withLock { $0.map(\.port) }.contains(5000 + index))
        }
        for side in sides { try await side.stop() }
    }

    @Test func theInterfacesAreThoseThatPeersCanDial() throws {
        let near = LANInterface.current(listening: [.v4(0x7f00_0001)])
        #expect(near.map(\.isLoopback) == [true])
        #expect(near.flatMap(\.links).map(\.isVersion6) == [false])
        let far = LANInterface.current(listening: [.v4(0), .v6(0, 0)])
        #expect(Set(far.map(\.isLoopback)).count <= 1, "the loopback only where there is no other")
        #expect(LANInterface.current(listening: []).isEmpty)
        #expect(LANInterface.current(listening: [.v4(0xc000_0201)]).isEmpty)
    }

    @Test func networksAreTold() throws {
        func subnet(_ text: String, _ prefix: Int) throws -> LANInterface.Subnet {
            .init(address: try #require(IPAddress(text)), prefixLength: prefix)
        }
        func ip(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        #expect(try subnet("10.1.2.3", 8).contains(ip("10.255.0.1")))
        #expect(try !subnet("10.1.2.3", 30).contains(ip("10.1.2.4")))
        #expect(try subnet("10.1.2.3", 32).contains(ip("10.1.2.3")))
        #expect(try subnet("10.1.2.3", 0).contains(ip("8.8.8.8")))
        #expect(try subnet("fd00::1", 64).contains(ip("fd00::2")))
        #expect(try !subnet("fd00::1", 64).contains(ip("fd00:0:0:1::2")))
        #expect(try subnet("fd00::1", 127).contains(ip("fd00::")))
        #expect(try !subnet("fd00::1", 128).contains(ip("fd00::")))
        #expect(try !subnet("10.0.0.1", 0).contains(ip("fd00::")))
    }
}
