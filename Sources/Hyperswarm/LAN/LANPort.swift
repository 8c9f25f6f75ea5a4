import HyperCrypto
import NIOCore
import NIOPosix

/// `LANDiscovery` on real sockets: one for each family on each interface, following the
/// interfaces as they come and go. Confined to its loop.
final class LANPort: PeerSource {
    private let loop: any EventLoop
    private let listening: [IPAddress]
    private let found: (Swarm.Address, LANDiscovery.Sighting) -> Void
    private var core: LANDiscovery
    private var interfaces: [LANInterface] = []
    private var sockets: [LANInterface.Link: any Channel] = [:]
    /// The address that each of them sends from.
    private var sources: [LANInterface.Link: IPAddress] = [:]
    /// Links whose socket cannot be had, so that it is not tried and told every few seconds.
    private var refused: Set<LANInterface.Link> = []
    private var port: UInt16?
    private var scan: RepeatedTask?
    private lazy var alarm = Alarm(loop: loop) { [weak self] in self?.pump() }
    private var isPumpDue = false
    private var isStopped = false

    /// - Parameters:
    ///   - listening: addresses that peers can dial; they choose the interfaces.
    ///   - found: called on the loop for everybody who says that he has a topic, again and again.
    init(
        loop: any EventLoop, listening: [IPAddress],
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        found: @escaping (Swarm.Address, LANDiscovery.Sighting) -> Void
    ) {
        self.loop = loop
        self.listening = listening
        self.found = found
        core = LANDiscovery(random: random, now: .now())
    }

    func start(port: UInt16?) {
        self.port = port
        rescan()
        let pause = Limits.LAN.interfaceScan
        let own = NIOLoopBound(self, eventLoop: loop)
        scan = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            own.value.rescan()
        }
    }

    func join(_ topic: Bytes32, announce: Bool, lookup: Bool) {
        core.join(topic, announce: announce ? port : nil, lookup: lookup, now: .now())
        schedulePump()
    }

    func leave(_ topic: Bytes32) { core.leave(topic) }

    func networkChanged() {
        rescan()
        core.refresh(now: .now())
        schedulePump()
    }

    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        scan?.cancel()
        alarm.cancel()
        let open = Array(sockets.values)
        sockets = [:]
        open.forEach { $0.close(promise: nil) }
        return .andAllComplete(open.map(\.closeFuture), on: loop)
    }

    /// Links that are used, what came back of our own, and answers of others.
    var diagnosis: (links: Int, echoes: Int, answers: Int) {
        (sockets.count, core.counts.echoes, core.counts.answers)
    }

    var state: String {
        if sockets.isEmpty { return "LAN: no network" }
        return core.hasAnswers ? "LAN: answered" : "LAN: no answer yet"
    }

    // MARK: - Sockets

    /// Opens what is new, closes what is gone.
    private func rescan() {
        guard !isStopped else { return }
        let current = LANInterface.current(listening: listening)
        if current == interfaces, sockets.count + refused.count == current.flatMap(\.links).count {
            return
        }
        interfaces = current
        var wanted: [LANInterface.Link: IPAddress] = [:]
        for interface in current {
            for subnet in interface.subnets.reversed() {
                let isVersion6 = subnet.address.isVersion6
                wanted[.init(interface: interface.index, isVersion6: isVersion6)] = subnet.address
            }
        }
        for (link, channel) in sockets where wanted[link] != sources[link] {
            sockets[link] = nil
            channel.close(promise: nil)
        }
        refused = refused.filter { wanted[$0] != nil && wanted[$0] == sources[$0] }
        let missing = wanted.filter { sockets[$0.key] == nil && !refused.contains($0.key) }
        sources = wanted
        useInterfaces()
        for (link, source) in missing { open(link, source) }
    }

    /// The core sends only where there is a socket.
    private func useInterfaces() {
        let ready = interfaces.map { interface in
            LANInterface(
                index: interface.index, name: interface.name, isLoopback: interface.isLoopback,
                subnets: interface.subnets.filter {
                    let link = LANInterface.Link(
                        interface: interface.index, isVersion6: $0.address.isVersion6)
                    return sockets[link] != nil
                })
        }
        core.use(ready.filter { !$0.subnets.isEmpty }, now: .now())
        schedulePump()
    }

    private func open(_ link: LANInterface.Link, _ source: IPAddress) {
        guard let descriptor = try? MulticastSocket.open(link, source: source) else {
            refused.insert(link)
            return
        }
        let handler = NIOLoopBound(LinkHandler(port: self, link: link), eventLoop: loop)
        let own = NIOLoopBound(self, eventLoop: loop)
        DatagramBootstrap(group: loop)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Limits.LAN.packetBytesMax)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .withBoundSocket(descriptor)
            .hop(to: loop)
            .whenComplete { own.value.opened(link, $0) }
    }

    private func opened(_ link: LANInterface.Link, _ result: Result<any Channel, any Error>) {
        switch result {
        case .failure: refused.insert(link)
        case .success(let channel) where isStopped: channel.close(promise: nil)
        case .success(let channel):
            sockets[link] = channel
            useInterfaces()
        }
    }

    fileprivate func closed(_ link: LANInterface.Link, _ channel: any Channel) {
        guard sockets[link] === channel else { return }
        sockets[link] = nil
        interfaces = []
    }

    // MARK: - The core's turn

    fileprivate func received(
        _ bytes: UnsafeRawBufferPointer, from source: Endpoint, on link: LANInterface.Link
    ) {
        core.receive(bytes, from: source, on: link, now: .now())
        pump()
    }

    /// In the next turn of the loop, so that topics joined together are asked for together.
    private func schedulePump() {
        guard !isPumpDue, !isStopped else { return }
        isPumpDue = true
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            own.value.isPumpDue = false
            own.value.pump()
        }
    }

    private func pump() {
        guard !isStopped else { return }
        core.advance(to: .now())
        for effect in core.takeEffects() {
            switch effect {
            case .send(let bytes, let link): send(bytes, on: link)
            case .found(let sighting):
                if let address = address(of: sighting) { found(address, sighting) }
            }
        }
        alarm.set(core.nextDeadline)
    }

    private func send(_ bytes: [UInt8], on link: LANInterface.Link) {
        guard let channel = sockets[link] else { return }
        let group = link.isVersion6 ? MulticastSocket.groups.v6 : MulticastSocket.groups.v4
        let endpoint = Endpoint(ip: group, port: MulticastSocket.port)
        guard let address = try? endpoint.socketAddress() else { return }
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        // What the network does not take now is repeated by the protocol's own rhythm.
        channel.writeAndFlush(envelope, promise: nil)
    }

    /// A link-local IPv6 address is reached only through its interface.
    private func address(of sighting: LANDiscovery.Sighting) -> Swarm.Address? {
        var host = sighting.peer.ip.description
        if sighting.peer.ip.isVersion6, sighting.peer.ip.isLinkLocal {
            guard let name = interfaces.first(where: { $0.index == sighting.interface })?.name
            else { return nil }
            host += "%" + name
        }
        return Swarm.Address(host: host, port: Int(sighting.peer.port))
    }
}

/// Hands the packets of one socket to the port. Lives on the loop.
private final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private weak let port: LANPort?
    private let link: LANInterface.Link

    init(port: LANPort, link: LANInterface.Link) {
        self.port = port
        self.link = link
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let source = Endpoint(envelope.remoteAddress) else { return }
        envelope.data.withUnsafeReadableBytes { port?.received($0, from: source, on: link) }
    }

    /// An unreachable neighbor or a network that is down is told to whoever reads next: no reason
    /// to close (docs/spec/nat.md 8).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    func channelInactive(context: ChannelHandlerContext) {
        port?.closed(link, context.channel)
        context.fireChannelInactive()
    }
}
