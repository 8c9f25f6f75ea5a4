import HyperCrypto
import Hypercore
import Hyperswarm
import NIOCore
import Replication
import Synchronization

/// Between swarm and replicator: which connection is which peer, bytes both ways, the
/// replicator's timer and its turn on the loop. Everything of it lives on the loop but the
/// number of peers in reach, which waiting readers ask for.
final class PeerTable: Replicator.Output, Replicator.Executor, Swarm.Handler {
    private let traffic: Traffic
    private let localKey: Bytes32
    private let report: @Sendable (Event) -> Void
    let loop: any EventLoop
    let state: NIOLoopBoundBox<State>
    private let reach: Mutex<Reach>

    /// Who is at the other end of a connection.
    struct Remote: Hashable, Sendable {
        let address: String
        let transport: Swarm.Transport
        /// How its address became known; `nil`: it dialed us.
        let origin: Swarm.PeerOrigin?

        init(_ connection: Swarm.Connection) {
            address = connection.remote
            transport = connection.transport
            origin = connection.origin
        }
    }

    /// What the log and the user may want to know.
    enum Event: Sendable {
        case connected(String, Swarm.Transport)
        case lost(String, (any Error)?)
        case unreachable(Swarm.Address, SwarmError)
        case discovered(Swarm.Address, Swarm.PeerOrigin)
        case mapped([Swarm.PortMapping])
    }

    struct State {
        var replicator: Replicator?
        var swarm: Swarm?
        var connections: [PeerID: Swarm.Connection] = [:]
        var peers: [ObjectIdentifier: PeerID] = [:]
        /// The connection that the replicator is naming just now: an initiator's first message
        /// leaves before the name is known here.
        var opening: Swarm.Connection?
        var timer: (deadline: ContinuousClock.Instant, task: Scheduled<Void>)?
        var sending: SendingLimit?
        var receiving: ReceivingLimit?
    }

    /// Who may answer a reader.
    struct Reach: Sendable {
        /// Addresses of the peers that are connected, in the order of their coming.
        var remotes: [Remote] = []
        var connected: Int { remotes.count }
        /// Addresses whose first dial has not ended yet.
        var hoped: Set<Swarm.Address> = []
        /// The same of those that were found, as long as no connection came about.
        var found: Set<Swarm.Address> = []
        /// Why the last dial failed.
        var lastFailure: SwarmError?
        /// Until when a search that runs may still find the first one.
        var searchEnd: ContinuousClock.Instant?
        /// Whether a peer is there or may be in a moment.
        var isHopeful: Bool {
            connected > 0 || !hoped.isEmpty || !found.isEmpty
                || searchEnd.map { ContinuousClock.now < $0 } ?? false
        }
    }

    init(
        loop: any EventLoop, localKey: Bytes32, hoped: [Swarm.Address], traffic: Traffic,
        report: @escaping @Sendable (Event) -> Void
    ) {
        self.loop = loop
        self.localKey = localKey
        self.traffic = traffic
        self.report = report
        state = .makeBoxSendingValue(State(), eventLoop: loop)
        reach = Mutex(Reach(hoped: Set(hoped)))
    }

    /// Who is in reach now.
    var inReach: Reach { reach.withLock { $0 } }

    /// Who is at the other end, connection by connection. Any thread.
    func remotes() async -> [PeerID: Remote] {
        let told = loop.submit { self.state.value.connections.mapValues { Remote($0) } }
        return (try? await told.get()) ?? [:]
    }

    /// A peer is going to be dialed whom somebody has named: as long as that is open, readers wait.
    func hope(for peer: Swarm.Address) {
        reach.withLock { reach in
            let isHere = reach.remotes.contains { $0.address == peer.description }
            if !isHere, reach.hoped.count < Limits.foundMax { reach.hoped.insert(peer) }
        }
    }

    /// The other ends; before the swarm starts. nil lets go of them.
    func attach(_ replicator: Replicator?, _ swarm: Swarm?) {
        loop.execute {
            self.state.value.replicator = replicator
            self.state.value.swarm = swarm
            if replicator == nil {
                self.state.value.timer?.task.cancel()
                self.state.value.timer = nil
            }
        }
    }

    // MARK: Replicator.Executor

    func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }

    var now: ContinuousClock.Instant { .now }

    // MARK: Replicator.Output

    func send(_ bytes: [UInt8], to peer: PeerID) {
        guard let connection = state.value.connections[peer] ?? state.value.opening else { return }
        traffic.sent(bytes.count)
        connection.send(bytes)
        charge(bytes.count)
    }

    func close(_ peer: PeerID, reason: (any Error)?) {
        (state.value.connections[peer] ?? state.value.opening)?.close(reason: reason)
    }

    func isWanted(_ peer: PeerID, remoteKey: Bytes32) -> Bool {
        guard let connection = state.value.connections[peer], let swarm = state.value.swarm else {
            return true
        }
        return swarm.identified(connection, local: localKey, remote: remoteKey)
    }

    func wake(at deadline: ContinuousClock.Instant) {
        if let timer = state.value.timer {
            // Waking too early is harmless: the replicator says again when it wants to be woken.
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let wait = max(.zero, deadline - .now)
        let task = loop.scheduleTask(in: TimeAmount(wait)) {
            self.state.value.timer = nil
            self.state.value.replicator?.tick()
        }
        state.value.timer = (deadline, task)
    }

    // MARK: Swarm.Handler

    func opened(_ connection: Swarm.Connection) {
        guard let replicator = state.value.replicator else { return connection.close(reason: nil) }
        reach.withLock { reach in
            reach.remotes.append(Remote(connection))
            if let dialed = connection.peer { reach.hoped.remove(dialed) }
            reach.found = []
        }
        state.value.opening = connection
        let peer = replicator.connected(initiator: connection.isInitiator)
        state.value.opening = nil
        state.value.connections[peer] = connection
        state.value.peers[ObjectIdentifier(connection)] = peer
        if state.value.sending?.isHeld == true { replicator.writable(peer, false) }
        report(.connected(connection.remote, connection.transport))
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {
        traffic.received(bytes.count)
        if state.value.receiving == nil {
            deliver(bytes, of: connection)
        } else {
            hold(bytes, of: connection)
        }
    }

    func deliver(_ bytes: UnsafeRawBufferPointer, of connection: Swarm.Connection) {
        guard let peer = state.value.peers[ObjectIdentifier(connection)] else { return }
        state.value.replicator?.received(bytes, from: peer)
    }

    func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {
        guard let peer = state.value.peers[ObjectIdentifier(connection)] else { return }
        state.value.sending?.note(peer, isWritable)
        state.value.replicator?.writable(
            peer, isWritable && state.value.sending?.isHeld != true)
    }

    func closed(_ connection: Swarm.Connection, error: (any Error)?) {
        guard let peer = state.value.peers.removeValue(forKey: ObjectIdentifier(connection)) else {
            return
        }
        state.value.connections[peer] = nil
        state.value.sending?.note(peer, true)
        reach.withLock { reach in
            if let index = reach.remotes.firstIndex(of: Remote(connection)) {
                reach.remotes.remove(at: index)
            }
        }
        state.value.replicator?.disconnected(peer)
        report(.lost(connection.remote, error))
    }

    func unreachable(_ peer: Swarm.Address, error: SwarmError) {
        reach.withLock {
            $0.hoped.remove(peer)
            $0.found.remove(peer)
            $0.lastFailure = error
        }
        report(.unreachable(peer, error))
    }

    func discovered(_ peer: Swarm.Address, by origin: Swarm.PeerOrigin) {
        reach.withLock { reach in
            if reach.connected == 0, reach.found.count < Limits.foundMax {
                reach.found.insert(peer)
            }
        }
        report(.discovered(peer, origin))
    }

    func searching(_ isSearching: Bool) {
        let end = isSearching ? ContinuousClock.now + Limits.searchTime : nil
        reach.withLock { $0.searchEnd = end }
    }

    func mapped(_ mappings: [Swarm.PortMapping]) { report(.mapped(mappings)) }

    func promoted(_ connection: Swarm.Connection) {
        guard let peer = state.value.peers[ObjectIdentifier(connection)] else { return }
        state.value.replicator?.use(peer)
    }
}

extension TimeAmount {
    /// Rounded up, so that a timer never fires before its time.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !nanoseconds.overflow else {
            self = .hours(24 * 365)
            return
        }
        self = .nanoseconds(nanoseconds.partialValue &+ (attoseconds + 999_999_999) / 1_000_000_000)
    }
}
