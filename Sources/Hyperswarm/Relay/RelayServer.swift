import NIOCore
import NIOPosix

/// `RelayHub` on TCP. Confined to its loop.
final class RelayServer {
    private let loop: any EventLoop
    private var hub: RelayHub
    private var channels: [RelayHub.ID: any Channel] = [:]
    private var lastID: RelayHub.ID = 0
    private var listener: (any Channel)?
    private var ticking: RepeatedTask?
    private lazy var alarm = Alarm(loop: loop) { [weak self] in
        self?.turn { $0.advance(to: .now()) }
    }

    init(_ grants: RelayHub.Grants, loop: any EventLoop) {
        self.loop = loop
        hub = RelayHub(grants)
    }

    /// Pairs that are served, who waits for one, and bytes forwarded since the start.
    var counts: (pairs: Int, waits: Int, bytes: UInt64) {
        (hub.pairCount, hub.waitCount, hub.bytesForwarded)
    }

    /// Binds and begins. The future fails with the system's error.
    func start(on endpoint: Endpoint) -> EventLoopFuture<Void> {
        let own = NIOLoopBound(self, eventLoop: loop)
        let mark = ChannelOptions.Types.WriteBufferWaterMark(
            low: Limits.Relay.writeLowWater, high: Limits.Relay.writeHighWater)
        return ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Limits.Own.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: mark)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Limits.Relay.readBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RelayLine(own.value))
                }
            }
            .bind(host: endpoint.ip.description, port: Int(endpoint.port))
            .hop(to: loop)
            .map { own.value.started($0) }
    }

    private func started(_ channel: any Channel) {
        listener = channel
        let own = NIOLoopBound(self, eventLoop: loop)
        let second = TimeAmount.seconds(1)
        ticking = loop.scheduleRepeatedTask(initialDelay: second, delay: second) { _ in
            own.value.turn { $0.advance(to: .now()) }
        }
    }

    /// Ends all; the future completes when everything is closed.
    func stop() -> EventLoopFuture<Void> {
        ticking?.cancel()
        alarm.cancel()
        let open = Array(channels.values) + [listener].compactMap { $0 }
        channels = [:]
        listener = nil
        open.forEach { $0.close(promise: nil) }
        return .andAllComplete(open.map(\.closeFuture), on: loop)
    }

    fileprivate func opened(_ channel: any Channel) -> RelayHub.ID? {
        lastID += 1
        let id = lastID
        let host = Swarm.Address(channel.remoteAddress)?.host ?? ""
        guard listener != nil, hub.opened(id, from: host, now: .now()) else { return nil }
        channels[id] = channel
        return id
    }

    fileprivate func received(_ bytes: ByteBuffer, from id: RelayHub.ID) {
        turn { $0.received(bytes, from: id, now: .now()) }
    }

    fileprivate func writable(_ id: RelayHub.ID, _ isWritable: Bool) {
        turn { $0.full(id, !isWritable) }
    }

    fileprivate func closed(_ id: RelayHub.ID) {
        channels[id] = nil
        turn { $0.closed(id) }
    }

    private func turn(_ body: (inout RelayHub) -> Void) {
        body(&hub)
        for effect in hub.takeEffects() {
            switch effect {
            case .send(let id, let bytes):
                channels[id]?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            case .forward(let id, let bytes): channels[id]?.writeAndFlush(bytes, promise: nil)
            case .read(let id, let isOn):
                guard let channel = channels[id] else { continue }
                _ = channel.setOption(.autoRead, value: isOn)
            case .close(let id):
                // What was written before goes first.
                guard let channel = channels.removeValue(forKey: id) else { continue }
                channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
                    channel.close(promise: nil)
                }
            }
        }
        setAlarm()
    }

    private func setAlarm() {
        if listener != nil { alarm.set(hub.nextDeadline) }
    }
}

/// The end of one connection's pipeline. Lives on the loop.
private final class RelayLine: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: RelayServer
    private var id: RelayHub.ID?

    init(_ server: RelayServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        id = server.opened(context.channel)
        if id == nil { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let id { server.received(unwrapInboundIn(data), from: id) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let id { server.writable(id, context.channel.isWritable) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let id { server.closed(id) }
        id = nil
    }
}
