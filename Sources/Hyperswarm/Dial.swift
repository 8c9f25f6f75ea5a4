import NIOCore
import NIOPosix

/// One attempt at a peer: TCP at once and uTP a little later beside it; the first that stands wins
/// (docs/spec/swarm.md 3.2). Confined to the swarm's loop.
final class Dial {
    private let swarm: Swarm
    private let peer: Swarm.Address
    private let promise: EventLoopPromise<Void>
    private var channel: (any Channel)?
    private var stream: UTPStream?
    private var timer: Scheduled<Void>?
    private var isUTPPossible: Bool
    private var isDecided = false
    /// TCP's own words; it says more about why than the silence of UDP.
    private var failure: (any Error)?

    init(_ peer: Swarm.Address, by swarm: Swarm) {
        self.peer = peer
        self.swarm = swarm
        promise = swarm.loop.makePromise()
        isUTPPossible = swarm.port != nil && Endpoint(peer) != nil
    }

    /// By uTP alone, which is under way already: to an address that a hole was punched to.
    convenience init(_ peer: Swarm.Address, by swarm: Swarm, over stream: UTPStream) {
        self.init(peer, by: swarm)
        self.stream = stream
    }

    /// Succeeds when a connection stands, which the swarm has been told by then.
    func start() -> EventLoopFuture<Void> {
        let own = NIOLoopBound(self, eventLoop: swarm.loop)
        connectTCP(own).whenComplete { own.value.tcpDone($0) }
        after(Limits.Own.utpHeadStart) { $0.startUTP() }
        return promise.futureResult
    }

    private func after(_ pause: TimeAmount, _ body: @escaping @Sendable (Dial) -> Void) {
        let own = NIOLoopBound(self, eventLoop: swarm.loop)
        timer?.cancel()
        timer = swarm.loop.scheduleTask(in: pause) { body(own.value) }
    }

    private func connectTCP(_ own: NIOLoopBound<Dial>) -> EventLoopFuture<Void> {
        let swarm = swarm
        let peer = peer
        return Swarm.tune(ClientBootstrap(group: swarm.loop))
            .connectTimeout(Limits.Specification.dialTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    own.value.channel = channel
                    let handler = ConnectionHandler(swarm: swarm, peer: peer)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: peer.host, port: peer.port)
            .hop(to: swarm.loop)
            .map { _ in }
    }

    private func tcpDone(_ result: Result<Void, any Error>) {
        guard !isDecided else { return }
        switch result {
        case .success: decide(.success(()))
        case .failure(let error):
            failure = error
            guard isUTPPossible, SwarmError.isAboutFirewall(error), !isLoopback else {
                return decide(.failure(error))
            }
            // Its router may well refuse TCP and let uTP through, but not for ever.
            if stream == nil { startUTP() }
            after(Limits.Own.utpPatience) { $0.decide(.failure(error)) }
        }
    }

    /// Who refuses here refuses for good: there is no firewall between.
    private var isLoopback: Bool { Endpoint(peer)?.ip.isLoopback ?? false }

    private func startUTP() {
        guard !isDecided, isUTPPossible, stream == nil else { return }
        guard let port = swarm.port, let endpoint = Endpoint(peer) else { return }
        guard let connection = port.utp.dial(endpoint, now: .now()) else { return }
        stream = UTPStream(connection, on: port)
        swarm.watch(connection, self)
        port.schedulePump()
    }

    /// News of the uTP connection while it is not decided.
    func utpOpened() {
        guard !isDecided, let stream else {
            self.stream?.abort()
            return
        }
        swarm.begin(on: stream, peer: peer)
        self.stream = nil
        decide(.success(()))
    }

    func utpFailed() {
        stream = nil
        isUTPPossible = false
        if let failure { decide(.failure(failure)) }
    }

    /// Ends what did not win.
    private func decide(_ result: Result<Void, any Error>) {
        guard !isDecided else { return }
        isDecided = true
        timer?.cancel()
        stream?.abort()
        // A TCP connection that stands is the swarm's; one that comes later finds its place taken.
        if failure == nil, channel?.isActive == false { channel?.close(promise: nil) }
        promise.completeWith(result)
    }
}
