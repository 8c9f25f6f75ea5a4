import HyperCrypto
import NIOCore
import NIOPosix

/// A node of a distributed hash table on a swarm's UDP port, as a source of peers. Confined to its
/// loop.
final class DHTSource<Node: TopicNode>: PeerSource {
    let node: Node
    private let port: DatagramPort
    private let loop: any EventLoop
    /// Names or addresses; resolved when we begin.
    private let entryPoints: [Swarm.Address]
    private let found: (Bytes32, DHTPeersFound) -> Void
    private let noticed: (DHTEvent) -> Void
    /// Called at the end of every turn of the node.
    var onTurn: (() -> Void)?
    private var schedule: TopicSchedule
    private var place = TopicPlace(port: 0)
    /// What runs to take an announcement back.
    private var farewells: Set<DHTTicket> = []
    private var farewell: EventLoopPromise<Void>?
    private lazy var alarm = Alarm(loop: loop) { [weak self] in self?.pump() }
    private var isPumpPlanned = false
    private var isStarted = false
    private var isStopped = false
    private var unresolved: [Swarm.Address] = []
    private var hasMet = false
    private var peersSeen: Set<Endpoint> = []

    /// - Parameters:
    ///   - found: called for every answer with peers of a topic that is looked for.
    ///   - noticed: called for everything else that the node tells.
    init(
        _ node: Node, on port: DatagramPort, entryPoints: [Swarm.Address],
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        found: @escaping (Bytes32, DHTPeersFound) -> Void,
        noticed: @escaping (DHTEvent) -> Void
    ) {
        self.node = node
        self.port = port
        loop = port.loop
        self.entryPoints = entryPoints
        self.found = found
        self.noticed = noticed
        schedule = TopicSchedule(period: Node.period, random: random)
    }

    /// Where we are reached. What was announced before is announced anew.
    func move(to place: TopicPlace) {
        guard place != self.place else { return }
        self.place = place
        schedule.restart(now: .now())
        schedulePump()
    }

    func start(port number: UInt16?) {
        place.port = number ?? place.port
        isStarted = true
        node.start(now: .now())
        resolve(entryPoints)
        schedulePump()
    }

    func join(_ topic: Bytes32, announce: Bool, lookup: Bool) {
        // Without a port we can be told of by nobody; what is looked for can be found.
        let isReachable = place.port != 0
        schedule.join(topic, announce: announce && isReachable, lookup: lookup, now: .now())
        schedulePump()
    }

    func leave(_ topic: Bytes32) {
        guard schedule.leave(topic) else { return }
        let place = place
        if let ticket = ask({ $0.unannounce(topic, at: place) }) { farewells.insert(ticket) }
    }

    /// Takes back what was announced, for a moment.
    func stop() -> EventLoopFuture<Void> {
        guard !isStopped else { return loop.makeSucceededVoidFuture() }
        for topic in schedule.announced.prefix(Limits.Tables.farewells) { leave(topic) }
        guard !farewells.isEmpty else {
            shut()
            return loop.makeSucceededVoidFuture()
        }
        let promise = loop.makePromise(of: Void.self)
        farewell = promise
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Limits.Tables.farewellTime) { own.value.shut() }
        return promise.futureResult
    }

    private func shut() {
        isStopped = true
        alarm.cancel()
        farewell?.succeed(())
        farewell = nil
    }

    /// Entry points that were found on the way.
    func meet(_ endpoints: [Endpoint]) {
        node.add(entryPoints: endpoints, now: .now())
        hasMet = true
        schedulePump()
    }

    /// The network is another one now.
    func networkChanged() {
        let now = NIODeadline.now()
        node.networkChanged(now: now)
        schedule.restart(now: now)
        schedulePump()
    }

    func lookAgain() {
        schedule.lookAgain(now: .now())
        schedulePump()
    }

    var isSearching: Bool { isStarted && !isStopped && isOnline && schedule.isSearching }

    private var isOnline: Bool { node.nodeCount > 0 || !entryPoints.isEmpty || hasMet }

    var state: String {
        guard isOnline else { return "\(Node.name): no entry point known" }
        let asked = node.statistics.requests
        let peers = peersSeen.count
        return "\(Node.name): \(asked) node\(asked == 1 ? "" : "s") asked, "
            + "\(peers) peer\(peers == 1 ? "" : "s") announced"
    }

    // MARK: - Entry points

    private func resolve(_ addresses: [Swarm.Address]) {
        let known = addresses.compactMap { Endpoint($0) }
        if !known.isEmpty { node.add(entryPoints: known, now: .now()) }
        unresolved = addresses.filter { Endpoint($0) == nil }
        guard !unresolved.isEmpty else { return }
        let names = unresolved
        let own = NIOLoopBound(self, eventLoop: loop)
        // Asking for a name blocks its thread.
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            names.map { ($0, HostName.version4(of: $0)) }
        }.whenSuccess { own.value.resolved($0) }
    }

    private func resolved(_ results: [(name: Swarm.Address, endpoints: [Endpoint])]) {
        guard !isStopped else { return }
        let endpoints = results.flatMap(\.endpoints)
        if !endpoints.isEmpty { node.add(entryPoints: endpoints, now: .now()) }
        unresolved = results.filter(\.endpoints.isEmpty).map(\.name)
        schedulePump()
        guard !unresolved.isEmpty else { return }
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Limits.Tables.resolvePause) {
            let source = own.value
            if !source.isStopped { source.resolve(source.unresolved) }
        }
    }

    // MARK: - The node's turn

    /// A datagram for the node.
    func received(_ bytes: ByteBuffer, from remote: Endpoint) {
        guard isStarted, !isStopped else { return }
        bytes.withUnsafeReadableBytes { node.receive($0, from: remote, now: .now()) }
        pump()
    }

    /// Asks the node for something, at the present time.
    func ask<Answer>(_ body: (Node) -> Answer) -> Answer {
        node.advance(to: .now())
        schedulePump()
        return body(node)
    }

    /// Something was asked of the node: has the consequences in the next turn of the loop.
    private func schedulePump() {
        guard !isPumpPlanned, !isStopped, isStarted else { return }
        isPumpPlanned = true
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            own.value.isPumpPlanned = false
            own.value.pump()
        }
    }

    private func pump() {
        guard !isStopped else { return }
        let now = NIODeadline.now()
        // Also when nothing is due: what begins now must not count from the last time it was.
        node.advance(to: now)
        begin(now)
        while true {
            let effects = node.takeEffects()
            if effects.isEmpty { break }
            for effect in effects {
                switch effect {
                case .send(let bytes, let remote): port.send(bytes, to: remote)
                case .event(let event): handle(event, now)
                }
            }
            begin(now)
        }
        setTimer()
        onTurn?()
    }

    /// A lookup before there is anybody to ask would find nobody, and tell so.
    private var canBegin: Bool {
        farewell == nil && isOnline && (node.nodeCount > 0 || unresolved.isEmpty)
    }

    private func begin(_ now: NIODeadline) {
        guard canBegin else { return }
        while let run = schedule.next(now: now) {
            let ticket =
                run.announce
                ? node.announce(run.topic, at: place) : node.lookup(run.topic, as: place)
            schedule.began(run.topic, ticket, now: now)
        }
    }

    private func handle(_ event: DHTEvent, _ now: NIODeadline) {
        switch event {
        case .peers(let ticket, let peers):
            guard let topic = schedule.found(ticket) else { return }
            for peer in peers.peers where peersSeen.count < Limits.Tables.countedPeers {
                peersSeen.insert(peer)
            }
            found(topic, peers)
        case .finished(let ticket, let summary):
            schedule.finished(ticket, summary, now: now)
            farewells.remove(ticket)
            if farewells.isEmpty, farewell != nil { shut() }
            noticed(event)
        default: noticed(event)
        }
    }

    private func setTimer() {
        let next = canBegin ? schedule.nextDeadline : nil
        let deadlines = [node.nextDeadline, next].compactMap { $0 }
        if !isStopped { alarm.set(deadlines.min()) }
    }
}
