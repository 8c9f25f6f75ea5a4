import NIOCore
import NIOPosix

/// `UPnPMapper` on a real router. The library blocks, so it has a thread of its own. Confined to
/// its loop.
final class UPnPPort {
    private let loop: any EventLoop
    private let port: UInt16
    private let gateway: IPAddress
    private let client: IPAddress
    private let changed: () -> Void
    private var core: UPnPMapper
    private var router: UPnPRouter?
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private var timer: Scheduled<Void>?
    private var closing: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - gateway: whom to ask, and nobody else.
    ///   - client: our address on its network.
    ///   - changed: called on the loop whenever `mappings` changed.
    init(
        loop: any EventLoop, port: UInt16, gateway: IPAddress, client: IPAddress,
        changed: @escaping () -> Void
    ) {
        self.loop = loop
        self.port = port
        self.gateway = gateway
        self.client = client
        self.changed = changed
        core = UPnPMapper(port: port, random: SystemRandomNumberGenerator(), now: .now())
        thread.start()
        proceed()
    }

    /// What is mapped now.
    var mappings: [PortMapper.Mapping] { core.mappings }

    /// Why there is none.
    var reason: PortMapper.Reason? { core.reason }

    /// Gives the mappings back. The future completes when that is done, or the router takes too
    /// long for it.
    func stop() -> EventLoopFuture<Void> {
        if let closing { return closing.futureResult }
        let promise = loop.makePromise(of: Void.self)
        closing = promise
        core.close()
        // A search that is under way is nothing to wait for.
        if !core.owes { promise.succeed(()) }
        proceed()
        let patience = loop.scheduleTask(in: Limits.PortMapping.upnpPatience) {
            promise.succeed(())
        }
        promise.futureResult.whenComplete { _ in patience.cancel() }
        return promise.futureResult
    }

    /// The next request, or the alarm for it.
    private func proceed() {
        timer?.cancel()
        timer = nil
        let own = NIOLoopBound(self, eventLoop: loop)
        if let request = core.next(now: .now()) {
            let (router, port, gateway, client) = (router, port, gateway, client)
            thread.runIfActive(eventLoop: loop) {
                Self.carryOut(request, router, port: port, gateway: gateway, client: client)
            }.whenComplete { own.value.answered($0) }
        } else if let deadline = core.nextDeadline {
            timer = loop.scheduleTask(deadline: deadline) { own.value.proceed() }
        } else if let closing {
            thread.shutdownGracefully { _ in }
            closing.succeed(())
        }
    }

    private typealias Result = (router: UPnPRouter?, answer: UPnPMapper.Answer)

    /// On the thread.
    private static func carryOut(
        _ request: UPnPMapper.Request, _ known: UPnPRouter?, port: UInt16, gateway: IPAddress,
        client: IPAddress
    ) -> Result {
        if case .find = request {
            guard let router = UPnPRouter(gateway: gateway, client: client) else {
                return (nil, .silence)
            }
            return (router, .found(externalAddress: router.externalAddress))
        }
        guard let known else { return (nil, .silence) }
        switch request {
        case .find: return (known, .silence)
        case .add(let isTCP, let externalPort, let leaseSeconds):
            let answer = known.add(
                isTCP: isTCP, internalPort: port, externalPort: externalPort,
                leaseSeconds: leaseSeconds)
            return (known, answer)
        case .remove(let isTCP, let externalPort):
            return (known, known.remove(isTCP: isTCP, externalPort: externalPort))
        }
    }

    private func answered(_ result: Swift.Result<Result, any Error>) {
        let before = core.mappings
        if case .success(let result) = result {
            router = result.router
            core.answered(result.answer, now: .now())
        } else {
            core.answered(.silence, now: .now())
        }
        if core.mappings != before, closing == nil { changed() }
        proceed()
    }
}
