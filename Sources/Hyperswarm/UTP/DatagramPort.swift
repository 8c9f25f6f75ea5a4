import NIOCore
import NIOPosix

/// The one UDP port of a swarm, on IPv4 and IPv6: uTP, the DHT and KRPC share it, and with it the
/// mappings that NATs keep (docs/spec/swarm.md 3, dht.md 2). Confined to its loop.
final class DatagramPort {
    typealias Listener = (ByteBuffer, Endpoint) -> Void

    /// Messages of our DHT: all that is neither uTP nor KRPC.
    var onDHT: Listener?
    /// Messages of the Mainline DHT: dictionaries, whose first byte is "d".
    var onKRPC: Listener?
    /// What happened to uTP connections.
    var onNews: ((UTPConnection, UTPConnection.News) -> Void)?

    let loop: any EventLoop
    let utp: UTPSocket
    private var sockets: [UDPSocket] = []
    private var channels: [any Channel] = []
    private lazy var alarm = Alarm(loop: loop) { [weak self] in self?.pump() }
    private var isPumpPlanned = false
    private var isPumping = false
    private var isClosed = false
    /// What the kernel has no room for yet.
    private var backlog: [UTPOutbox] = []
    private var backlogBytes = 0
    private var isRetryPlanned = false

    init(
        loop: any EventLoop,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.loop = loop
        utp = UTPSocket(random: random)
    }

    /// The addresses that it is bound to.
    var bound: [Endpoint] { sockets.map(\.bound) }

    /// Binds one address and begins to read; of several of a family the first one sends. The future
    /// fails with `IOError`.
    func bind(_ endpoint: Endpoint) -> EventLoopFuture<Endpoint> {
        let socket: UDPSocket
        do { socket = try UDPSocket(endpoint) } catch { return loop.makeFailedFuture(error) }
        let own = NIOLoopBound(self, eventLoop: loop)
        return Self.bootstrap(loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PortHandler(own.value))
                }
            }
            .withBoundSocket(socket.takeReadingEnd())
            .hop(to: loop)
            .assumeIsolated().map { channel in
                own.value.sockets.append(socket)
                own.value.channels.append(channel)
                return socket.bound
            }
            .nonisolated()
    }

    private static func bootstrap(_ loop: any EventLoop) -> DatagramBootstrap {
        let count = Limits.UTP.readDatagrams
        let size = count * Limits.UTP.readDatagramBytes
        let bootstrap = DatagramBootstrap(group: loop)
            .channelOption(.datagramVectorReadMessageCount, value: count)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: size))
            .channelOption(.maxMessagesPerRead, value: 4)
        guard System.supportsUDPReceiveOffload else { return bootstrap }
        return
            bootstrap
            .channelOption(.datagramReceiveOffload, value: true)
            .channelOption(.datagramReceiveSegmentSize, value: true)
    }

    /// Sends one datagram of whatever protocol; UDP may lose it.
    func send(_ bytes: [UInt8], to remote: Endpoint) {
        guard remote.port != 0, let socket = socket(for: remote) else { return }
        _ = bytes.withUnsafeBytes { socket.send($0, to: remote) }
    }

    private func socket(for remote: Endpoint) -> UDPSocket? {
        sockets.first { $0.bound.ip.family == remote.ip.family }
    }

    /// Says goodbye to uTP peers, waits for them a moment, and closes.
    func close() -> EventLoopFuture<Void> {
        guard !isClosed else { return loop.makeSucceededVoidFuture() }
        utp.closeAll()
        pump()
        let end = NIODeadline.now() + Limits.UTP.goodbyeTime
        let own = NIOLoopBound(self, eventLoop: loop)
        let promise = loop.makePromise(of: Void.self)
        @Sendable func wait() {
            let port = own.value
            guard port.utp.isBusy, NIODeadline.now() < end else {
                return port.shut().cascade(to: promise)
            }
            port.loop.scheduleTask(in: .milliseconds(5)) { wait() }
        }
        wait()
        return promise.futureResult
    }

    private func shut() -> EventLoopFuture<Void> {
        isClosed = true
        alarm.cancel()
        utp.abortAll(now: .now())
        write(utp.takeOutbox())
        // The last owners of their half of the descriptors: the number is free again.
        sockets = []
        channels.forEach { $0.close(promise: nil) }
        return .andAllComplete(channels.map(\.closeFuture), on: loop)
    }
}

// MARK: - Work

extension DatagramPort {
    /// One datagram, or several of one size that the kernel glued together.
    fileprivate func read(_ envelope: AddressedEnvelope<ByteBuffer>, now: NIODeadline) {
        guard let remote = Endpoint(envelope.remoteAddress), remote.port != 0 else { return }
        var rest = envelope.data
        let size = envelope.metadata?.segmentSize ?? rest.readableBytes
        while size > 0, let one = rest.readSlice(length: min(size, rest.readableBytes)),
            one.readableBytes > 0
        {
            let isForUTP = one.withUnsafeReadableBytes { bytes in
                guard UTPPacket.isUTP(bytes) else { return false }
                utp.receive(bytes, from: remote, now: now)
                return true
            }
            guard !isForUTP else { continue }
            let isDictionary = one.getInteger(at: one.readerIndex) == UInt8(ascii: "d")
            (isDictionary ? onKRPC : onDHT)?(one, remote)
        }
    }

    /// Something was done with a uTP connection: has the consequences at the end of the turn.
    func schedulePump() {
        guard !isPumpPlanned, !isPumping, !isClosed else { return }
        isPumpPlanned = true
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            own.value.isPumpPlanned = false
            own.value.pump()
        }
    }

    /// Sends what is to be sent and tells what happened, until nothing more comes of it.
    func pump() {
        guard !isPumping, !isClosed else { return }
        isPumping = true
        defer { isPumping = false }
        let now = NIODeadline.now()
        if let due = utp.nextDeadline, due <= now { utp.tick(now: now) }
        repeat {
            utp.flush(now: now)
            write(utp.takeOutbox())
            let news = utp.takeNews()
            for (connection, told) in news {
                onNews?(connection, told)
                utp.touch(connection)
            }
            if news.isEmpty { break }
        } while !isClosed
        setTimer()
    }

    private func setTimer() {
        if !isClosed { alarm.set(utp.nextDeadline) }
    }

    private func write(_ outbox: UTPOutbox) {
        guard !outbox.isEmpty else { return }
        if backlog.isEmpty {
            _ = writeNow(outbox)
            return
        }
        guard backlogBytes + outbox.bytes.readableBytes <= Limits.UTP.backlogBytes else { return }
        backlog.append(outbox)
        backlogBytes += outbox.bytes.readableBytes
        planRetry()
    }

    /// Whether all went; else what was not taken waits.
    private func writeNow(_ outbox: UTPOutbox) -> Bool {
        let taken = outbox.bytes.withUnsafeReadableBytes { bytes in
            outbox.bursts.firstIndex { burst in
                let part = bytes[burst.start..<burst.start + burst.length]
                let socket = socket(for: burst.destination)
                let outcome = socket?.send(
                    UnsafeRawBufferPointer(rebasing: part), segment: burst.segment,
                    to: burst.destination)
                return outcome == .full
            }
        }
        guard let taken else { return true }
        backlog.insert(outbox.dropping(taken), at: 0)
        backlogBytes += outbox.bytes.readableBytes
        planRetry()
        return false
    }

    private func planRetry() {
        guard !isRetryPlanned else { return }
        isRetryPlanned = true
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Limits.UTP.backlogPause) {
            let port = own.value
            port.isRetryPlanned = false
            while !port.backlog.isEmpty {
                let next = port.backlog.removeFirst()
                port.backlogBytes -= next.bytes.readableBytes
                if !port.writeNow(next) { return }
            }
        }
    }
}

/// The end of a socket's pipeline.
private final class PortHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let port: DatagramPort
    private var now = NIODeadline.now()
    private var isFirst = true

    init(_ port: DatagramPort) { self.port = port }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // One look at the clock for a batch.
        if isFirst { now = .now() }
        isFirst = false
        port.read(unwrapInboundIn(data), now: now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isFirst = true
        port.pump()
        context.fireChannelReadComplete()
    }

    /// Nothing that one datagram brings about ends the port.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
