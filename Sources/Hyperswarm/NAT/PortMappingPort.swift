import NIOCore
import NIOPosix

/// `PortMapper` on a real socket, talking to the default gateway and to nobody else
/// (docs/spec/nat.md 5), and `UPnPPort` when that does not help. Follows the route: another network
/// has another router. Confined to its loop.
final class PortMappingPort {
    private let loop: any EventLoop
    private let port: UInt16
    private let findRouter: () -> (router: Endpoint, client: IPAddress)?
    private let changed: ([PortMapper.Mapping]) -> Void
    private var core: PortMapper?
    private var upnp: UPnPPort?
    private var router: Endpoint?
    private var client: IPAddress?
    private var channel: (any Channel)?
    private lazy var alarm = Alarm(loop: loop) { [weak self] in self?.advance() }
    private var scan: RepeatedTask?
    private var isStopped = false
    private var refusal: PortMapper.Reason?

    /// - Parameters:
    ///   - port: where we listen, for UDP and TCP.
    ///   - findRouter: where the router is, and our address on its network.
    ///   - changed: called on the loop with all mappings whenever one comes or goes.
    init(
        loop: any EventLoop, port: UInt16,
        findRouter: @escaping () -> (router: Endpoint, client: IPAddress)? = PortMappingPort.find,
        changed: @escaping ([PortMapper.Mapping]) -> Void
    ) {
        self.loop = loop
        self.port = port
        self.findRouter = findRouter
        self.changed = changed
    }

    /// The default gateway, and our address on the interface that leads there.
    static func find() -> (router: Endpoint, client: IPAddress)? {
        guard let gateway = DefaultGateway.current() else { return nil }
        let interfaces = LANInterface.current(listening: [.v4(0)])
        let subnets = interfaces.first { $0.name == gateway.interface }?.subnets ?? []
        let near = subnets.first { $0.contains(gateway.router) } ?? subnets.first
        guard let near else { return nil }
        return (Endpoint(ip: gateway.router, port: Limits.PortMapping.port), near.address)
    }

    func start() {
        rescan()
        let own = NIOLoopBound(self, eventLoop: loop)
        let pause = Limits.PortMapping.routeScan
        scan = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            own.value.rescan()
        }
    }

    /// Another router, or the same one with a lost memory.
    func networkChanged() { rescan() }

    /// Gives the mappings back; the future completes when the socket is closed.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        scan?.cancel()
        alarm.cancel()
        core?.close()
        carry()
        let upnpEnd = upnp?.stop() ?? loop.makeSucceededVoidFuture()
        guard let channel else { return upnpEnd }
        self.channel = nil
        channel.close(promise: nil)
        return channel.closeFuture.and(upnpEnd).map { _ in }
    }

    /// What is mapped now.
    var mappings: [PortMapper.Mapping] {
        let own = core?.mappings ?? []
        return own.isEmpty ? upnp?.mappings ?? [] : own
    }

    /// Why there is no mapping, when the router has said so or nothing.
    var reason: PortMapper.Reason? { mappings.isEmpty ? upnp?.reason ?? refusal : nil }

    private func rescan() {
        guard !isStopped else { return }
        let found = findRouter()
        guard found?.router != router || found?.client != client || channel == nil else { return }
        channel?.close(promise: nil)
        channel = nil
        let hadMappings = !mappings.isEmpty
        (core, router, client) = (nil, found?.router, found?.client)
        stopUPnP()
        if hadMappings { changed([]) }
        if let found { open(from: found.client) }
    }

    private func open(from client: IPAddress) {
        let handler = NIOLoopBound(AnswerHandler(port: self), eventLoop: loop)
        let own = NIOLoopBound(self, eventLoop: loop)
        DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .bind(host: client.description, port: 0)
            .hop(to: loop)
            .whenComplete { own.value.opened($0, client) }
    }

    private func opened(_ result: Result<any Channel, any Error>, _ client: IPAddress) {
        guard case .success(let channel) = result else { return }
        guard !isStopped, client == self.client, self.channel == nil else {
            return channel.close(promise: nil)
        }
        self.channel = channel
        var random = SystemRandomNumberGenerator()
        core = PortMapper(client: client, port: port, random: &random, now: .now())
        advance()
    }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer, from source: Endpoint) {
        guard source == router else { return }
        core?.receive(bytes, now: .now())
        advance()
    }

    private func advance() {
        guard !isStopped else { return }
        core?.advance(to: .now())
        carry()
        alarm.set(core?.nextDeadline)
    }

    private func carry() {
        var isChanged = false
        for effect in core?.takeEffects() ?? [] {
            switch effect {
            case .send(let bytes): send(bytes)
            case .mapped:
                isChanged = true
                // One way is enough, and this one needs no thread.
                stopUPnP()
            case .lost: isChanged = true
            case .unavailable(let why):
                refusal = why
                if core?.mappings.isEmpty == true { startUPnP() }
            }
        }
        if isChanged { changed(mappings) }
    }

    private func startUPnP() {
        guard UPnPRouter.isBuiltIn, !isStopped, upnp == nil else { return }
        guard let gateway = router?.ip, let client else { return }
        upnp = UPnPPort(loop: loop, port: port, gateway: gateway, client: client) {
            [weak self] in
            if let self { changed(mappings) }
        }
    }

    private func stopUPnP() {
        _ = upnp?.stop()
        upnp = nil
    }

    private func send(_ bytes: [UInt8]) {
        guard let channel, let address = try? router?.socketAddress() else { return }
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        channel.writeAndFlush(envelope, promise: nil)
    }
}

/// Hands datagrams to the port. Lives on the loop.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private weak let port: PortMappingPort?

    init(port: PortMappingPort) { self.port = port }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let source = Endpoint(envelope.remoteAddress) else { return }
        envelope.data.withUnsafeReadableBytes { port?.received($0, from: source) }
    }

    /// A router that has nothing there says so with an ICMP message: no reason to close.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
