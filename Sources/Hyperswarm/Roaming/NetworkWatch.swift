import NIOCore
import NIOPosix

/// Notices that this machine has another address or another router, or has slept: at once where
/// the kernel tells, by looking every few seconds else. Confined to its loop.
final class NetworkWatch {
    private let loop: any EventLoop
    private let changed: ([NetworkObserver.News]) -> Void
    private var core: NetworkObserver
    private var channel: (any Channel)?
    private lazy var alarm = Alarm(loop: loop) { [weak self] in self?.look() }
    private var isStopped = false

    /// - Parameter changed: called on the loop.
    init(loop: any EventLoop, changed: @escaping ([NetworkObserver.News]) -> Void) {
        self.loop = loop
        self.changed = changed
        core = NetworkObserver(.current(), now: .nowWithSleep(), awake: .now())
    }

    func start() {
        listen()
        wake(at: core.nextDeadline)
    }

    /// The future completes when nothing of it is left.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        alarm.cancel()
        guard let channel else { return loop.makeSucceededVoidFuture() }
        channel.close(promise: nil)
        return channel.closeFuture
    }

    private func listen() {
        guard let descriptor = RouteSocket.open() else { return }
        let own = NIOLoopBound(self, eventLoop: loop)
        NIOPipeBootstrap(group: loop)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: Limits.Roaming.readBytes)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RouteHandler(own.value))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .hop(to: loop)
            .whenComplete { own.value.opened($0, descriptor) }
    }

    private func opened(_ result: Result<any Channel, any Error>, _ descriptor: CInt) {
        // Without it the regular look remains.
        guard case .success(let channel) = result else { return }
        if isStopped { channel.close(promise: nil) } else { self.channel = channel }
    }

    /// The kernel has told something.
    fileprivate func heard() {
        wake(at: .now() + Limits.Roaming.settleTime)
    }

    private func wake(at deadline: NIODeadline) {
        if !isStopped { alarm.set(deadline) }
    }

    private func look() {
        let awake = NIODeadline.now()
        if let end = core.restsUntil(awake: awake) { return wake(at: end) }
        let news = core.look(.current(), now: .nowWithSleep(), awake: awake)
        if !news.isEmpty { changed(news) }
        wake(at: core.nextDeadline)
    }
}

/// Passes on that something came. Lives on the loop.
private final class RouteHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak let watch: NetworkWatch?

    init(_ watch: NetworkWatch) { self.watch = watch }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { watch?.heard() }

    /// More than the kernel could keep for us: news as well. The regular look goes on without it.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        watch?.heard()
        context.close(promise: nil)
    }
}
