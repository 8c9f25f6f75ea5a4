import NIOCore
import NIOPosix

/// One attempt at a peer: TCP at once, uTP a little later beside it, and a hole punched meanwhile
/// where somebody can help; the first that stands wins (docs/spec/swarm.md 3.2). Confined to the
/// swarm's loop.
final class Dial {
    private let swarm: Swarm
    private let peer: Swarm.Address
    /// Where datagrams for the peer go; `nil` when its address is a name.
    private let endpoint: Endpoint?
    /// The node that knows the way through the peer's NAT.
    private let helper: Endpoint?
    private let promise: EventLoopPromise<Void>
    private var channel: (any Channel)?
    /// To the peer's address, and to where it really answers from.
    private var streams: [ObjectIdentifier: UTPStream] = [:]
    private var timer: Scheduled<Void>?
    private var isDecided = false
    /// TCP's own words; it says more about why than the silence of UDP.
    private var failure: (any Error)?

    init(_ peer: Swarm.Address, by swarm: Swarm, through helper: Endpoint? = nil) {
        self.peer = peer
        self.swarm = swarm
        self.helper = helper
        endpoint = Endpoint(peer)
        promise = swarm.loop.makePromise()
    }

    /// Succeeds when a connection stands, which the swarm has been told by then.
    func start() -> EventLoopFuture<Void> {
        let own = NIOLoopBound(self, eventLoop: swarm.loop)
        connectTCP(own).whenComplete { own.value.tcpDone($0) }
        if isUTPPossible {
            // The peer's answer takes longer than our head start: its NAT opens in time.
            if let endpoint, let helper { swarm.punch(endpoint, through: helper, for: self) }
            after(Limits.Own.utpHeadStart) { $0.startUTP() }
        }
        return promise.futureResult
    }

    private var isUTPPossible: Bool {
        swarm.configuration.utp && swarm.port != nil && endpoint != nil
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
                    let handler = ConnectionHandler(swarm: swarm, origin: .dialed(peer))
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
            startUTP()
            let patience = helper == nil ? Limits.Own.utpPatience : Limits.Own.punchPatience
            after(patience) { $0.decide(.failure(error)) }
        }
    }

    /// Who refuses here refuses for good: there is no firewall between.
    private var isLoopback: Bool { endpoint?.ip.isLoopback ?? false }

    private func startUTP() {
        guard streams.isEmpty, let endpoint else { return }
        startUTP(to: endpoint)
    }

    /// One more way to the peer; the swarm keeps us until it is decided.
    func startUTP(to endpoint: Endpoint) {
        guard !isDecided, isUTPPossible, let port = swarm.port else { return }
        guard let connection = port.utp.dial(endpoint, now: .now()) else { return }
        streams[ObjectIdentifier(connection)] = UTPStream(connection, on: port)
        swarm.watch(connection, self)
        port.schedulePump()
    }

    /// The peer has opened its NAT to us and answered from there: the place to dial, if it is not
    /// the one that others know (docs/spec/nat.md 3).
    func punched(_ source: Endpoint) {
        guard !isDecided else { return }
        let isNew = !streams.values.contains { $0.connection.remote == source }
        if isNew { startUTP(to: source) }
    }

    /// News of a uTP connection while it is not decided.
    func utpOpened(_ connection: UTPConnection) {
        guard let stream = streams.removeValue(forKey: ObjectIdentifier(connection)) else { return }
        guard !isDecided else { return stream.abort() }
        swarm.begin(on: stream, peer: peer)
        decide(.success(()))
    }

    func utpFailed(_ connection: UTPConnection) {
        streams[ObjectIdentifier(connection)] = nil
        if streams.isEmpty, let failure { decide(.failure(failure)) }
    }

    /// Ends what did not win.
    private func decide(_ result: Result<Void, any Error>) {
        guard !isDecided else { return }
        isDecided = true
        timer?.cancel()
        streams.values.forEach { $0.abort() }
        // A TCP connection that stands is the swarm's; one that comes later finds its place taken.
        if failure == nil, channel?.isActive == false { channel?.close(promise: nil) }
        promise.completeWith(result)
    }
}
