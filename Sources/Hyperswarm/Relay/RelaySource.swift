import HyperCrypto
import NIOCore
import NIOPosix

/// Relays as the last way to peers of a topic: waits at each for callers, and calls when nobody
/// could be reached directly (docs/spec/relay.md 2). Confined to its loop.
final class RelaySource: PeerSource {
    private let loop: any EventLoop
    private let relays: [Swarm.Address]
    /// Whether there is a connection for a topic.
    private let isServed: (Bytes32) -> Bool
    /// Takes over a connection whose other end is a peer; its bytes follow.
    private let paired: (any Channel, _ isInitiator: Bool) throws -> Void
    private let headStart: TimeAmount
    private let turned: () -> Void
    private let asker: [UInt8]
    private var errands: [Errand] = []
    private var ticking: RepeatedTask?
    private var isStopped = false
    private var pairs = 0

    /// One thing that is wanted of one relay, again and again.
    private final class Errand {
        let relay: Swarm.Address
        let topic: Bytes32
        let kind: RelayRequest.Kind
        var dueAt: NIODeadline
        var pause: TimeAmount
        /// While it is asked.
        var channel: (any Channel)?
        var isUnderWay = false
        var heard: NIODeadline
        var answer: RelayAnswer?
        var isDropped = false
        /// Whether its channel is being closed because we are somewhere else.
        var hasMoved = false

        /// Whether there was an answer, or none came.
        var isSettled = false

        init(
            _ kind: RelayRequest.Kind, of topic: Bytes32, at relay: Swarm.Address,
            in pause: TimeAmount
        ) {
            let now = NIODeadline.now()
            self.kind = kind
            self.topic = topic
            self.relay = relay
            dueAt = now + pause
            self.pause = Limits.Relay.callPause
            heard = now
        }
    }

    /// - Parameters:
    ///   - headStart: what other ways get before a relay is called.
    ///   - turned: called whenever `isSearching` may have changed.
    init(
        _ relays: [Swarm.Address], loop: any EventLoop, headStart: TimeAmount,
        turned: @escaping () -> Void,
        isServed: @escaping (Bytes32) -> Bool,
        paired: @escaping (any Channel, _ isInitiator: Bool) throws -> Void
    ) {
        self.relays = Array(relays.prefix(Limits.Relay.relays))
        self.loop = loop
        self.headStart = headStart
        self.turned = turned
        self.isServed = isServed
        self.paired = paired
        var random = SystemRandomNumberGenerator()
        asker = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }

    func start(port: UInt16?) {
        let own = NIOLoopBound(self, eventLoop: loop)
        let second = TimeAmount.seconds(1)
        ticking = loop.scheduleRepeatedTask(initialDelay: .zero, delay: second) { _ in
            own.value.tick()
        }
    }

    func join(_ topic: Bytes32, announce: Bool, lookup: Bool) {
        leave(topic)
        let topics = Set(errands.map(\.topic))
        guard topics.count < Limits.Relay.topics else { return }
        for relay in relays {
            if announce { errands.append(Errand(.wait, of: topic, at: relay, in: .zero)) }
            if lookup { errands.append(Errand(.call, of: topic, at: relay, in: headStart)) }
        }
    }

    func leave(_ topic: Bytes32) {
        for errand in errands where errand.topic == topic { drop(errand) }
        errands.removeAll { $0.topic == topic }
    }

    /// Whom we wait at has our old address; who could not be called may be reached now.
    func networkChanged() {
        let now = NIODeadline.now()
        for errand in errands {
            errand.hasMoved = errand.channel != nil
            errand.channel?.close(promise: nil)
            errand.dueAt = errand.kind == .wait ? now : min(errand.dueAt, now + headStart)
            errand.pause = Limits.Relay.callPause
        }
    }

    private func drop(_ errand: Errand) {
        errand.isDropped = true
        errand.channel?.close(promise: nil)
        errand.channel = nil
    }

    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        ticking?.cancel()
        errands.forEach(drop)
        errands = []
        return loop.makeSucceededVoidFuture()
    }

    var isSearching: Bool { errands.contains { $0.kind == .call && !$0.isSettled } }

    var state: String {
        if pairs > 0 { return "relay: \(pairs) connection\(pairs == 1 ? "" : "s") so far" }
        let answers = errands.compactMap(\.answer)
        if answers.isEmpty { return "relay: no answer yet" }
        return answers.contains(.full) ? "relay: full" : "relay: answers"
    }

    private func tick() {
        let now = NIODeadline.now()
        for errand in errands {
            if let channel = errand.channel, now - errand.heard >= Limits.Relay.silence {
                channel.close(promise: nil)
            }
            guard !errand.isUnderWay, errand.dueAt <= now else { continue }
            if errand.kind == .call, isServed(errand.topic) {
                errand.isSettled = true
                errand.pause = Limits.Relay.callPause
                errand.dueAt = now + errand.pause
            } else {
                ask(errand)
            }
        }
    }

    private func ask(_ errand: Errand) {
        errand.isUnderWay = true
        errand.heard = .now()
        let request = RelayRequest(
            errand.kind, asker: asker, place: RelayRequest.place(of: errand.topic))
        let own = NIOLoopBound(self, eventLoop: loop)
        let bound = NIOLoopBound(errand, eventLoop: loop)
        Swarm.tune(ClientBootstrap(group: loop))
            .connectTimeout(Limits.Specification.dialTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let asking = RelayAsking(request) { own.value.heard($0, bound.value, $1) }
                    try channel.pipeline.syncOperations.addHandler(asking)
                }
            }
            .connect(host: errand.relay.host, port: errand.relay.port)
            .hop(to: loop)
            .whenComplete { own.value.connected($0, bound.value) }
    }

    private func connected(_ result: Result<any Channel, any Error>, _ errand: Errand) {
        switch result {
        case .failure: ended(errand, nil)
        case .success(let channel):
            guard !isStopped, !errand.isDropped else { return channel.close(promise: nil) }
            errand.channel = channel
            let own = NIOLoopBound(self, eventLoop: loop)
            let bound = NIOLoopBound(errand, eventLoop: loop)
            channel.closeFuture.whenComplete { _ in
                // A pair's connection is no longer ours.
                guard bound.value.channel === channel else { return }
                own.value.ended(bound.value, bound.value.answer)
            }
        }
    }

    /// A relay has answered. Returns once the channel has another owner, if it has.
    private func heard(_ answer: RelayAnswer, _ errand: Errand, _ channel: any Channel) {
        errand.heard = .now()
        errand.answer = answer
        guard answer != .alive else { return }
        errand.channel = nil
        guard answer == .paired, !isStopped, !errand.isDropped else {
            channel.close(promise: nil)
            return ended(errand, answer)
        }
        pairs += 1
        do {
            try paired(channel, errand.kind == .call)
        } catch {
            channel.close(promise: nil)
        }
        ended(errand, answer)
    }

    /// What was asked is over, one way or the other: when to ask again.
    private func ended(_ errand: Errand, _ answer: RelayAnswer?) {
        errand.isUnderWay = false
        errand.channel = nil
        errand.isSettled = true
        defer { turned() }
        let now = NIODeadline.now()
        if errand.kind == .wait {
            // After a move at once, else the relay is left alone for a while.
            if errand.hasMoved {
                errand.hasMoved = false
            } else {
                errand.dueAt = now + Limits.Relay.retryPause
            }
            // The next caller may come at once.
            if answer == .paired, !isStopped, !errand.isDropped { ask(errand) }
            return
        }
        errand.dueAt = now + errand.pause
        errand.pause = min(errand.pause * 2, Limits.Relay.callPauseMax)
    }
}

/// Asks a relay, and steps aside when the other side is a peer. Lives on the loop.
private final class RelayAsking: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: RelayRequest
    private let answered: (RelayAnswer, any Channel) -> Void

    init(_ request: RelayRequest, answered: @escaping (RelayAnswer, any Channel) -> Void) {
        self.request = request
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        let bytes = ByteBuffer(bytes: request.encoded)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while let byte = bytes.readInteger(as: UInt8.self) {
            guard let answer = RelayAnswer(rawValue: byte) else {
                return context.close(promise: nil)
            }
            answered(answer, context.channel)
            guard answer == .paired else { continue }
            if bytes.readableBytes > 0 { context.fireChannelRead(wrapOutboundOut(bytes)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
