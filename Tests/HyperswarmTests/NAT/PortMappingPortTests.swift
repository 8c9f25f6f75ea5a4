import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Hyperswarm

/// A router on the loopback, with a real socket.
@Suite(.timeLimit(.minutes(1)))
struct PortMappingPortTests {
    /// Speaks NAT-PMP: grants everything, says that its address is 11.22.33.44.
    private final class Router: ChannelInboundHandler, Sendable {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        let removals = Mutex(0)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let request = Array(envelope.data.readableBytesView)
            let head: [UInt8] = [0, request[1] | 0x80, 0]
            var answer = head + [request[0] == 0 ? 0 : 1, 0, 0, 0, 9]
            if request[0] == 0 {
                answer += request[1] == 0 ? [11, 22, 33, 44] : Array(request[4...])
                if request.count == 12, request[8...].allSatisfy({ $0 == 0 }) {
                    removals.withLock { $0 += 1 }
                }
            }
            let reply = AddressedEnvelope(
                remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
            context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        }
    }

    @Test func aPortIsMappedAndGivenBack() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let router = Router()
        let server = try await DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(router)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let endpoint = try #require(Endpoint(server.localAddress))
        let told = Mutex<[PortMapper.Mapping]>([])
        let box = NIOLoopBoundBox<PortMappingPort?>.makeEmptyBox(eventLoop: loop)
        loop.execute {
            let port = PortMappingPort(
                loop: loop, port: 4711, findRouter: { (endpoint, .v4(0x7f00_0001)) },
                changed: { mappings in told.withLock { $0 = mappings } })
            box.value = port
            port.start()
        }
        try await eventually { told.withLock { $0.count } == 2 }
        let mappings = told.withLock { $0 }
        #expect(mappings.map(\.externalPort) == [4711, 4711])
        #expect(mappings.map(\.isTCP) == [false, true])
        #expect(mappings.allSatisfy { $0.externalAddress?.description == "11.22.33.44" })
        #expect(mappings.allSatisfy { $0.isPublic })
        try await loop.flatSubmit { () -> EventLoopFuture<Void> in
            defer { box.value = nil }
            return box.value?.stop() ?? loop.makeSucceededVoidFuture()
        }.get()
        try await eventually { router.removals.withLock { $0 } == 2 }
        try await server.close()
        try await group.shutdownGracefully()
    }
}
