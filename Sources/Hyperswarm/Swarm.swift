import HyperCrypto
import NIOCore
import NIOPosix

/// Byte-stream connections to peers: finds them by topic, listens, dials, and dials again what was
/// lost.
///
/// Every callback comes on `loop`. Whom to dial and when is the business of `PeerQueue`. A peer
/// that was given by address is kept: when it cannot be reached, or goes away, it is dialed again
/// until the swarm stops; one that was found is given up after some attempts, until it is found
/// again.
public final class Swarm: Sendable {
    /// Where to listen, whom to dial, and where to look for others.
    public struct Configuration: Sendable {
        /// Addresses to listen on; `wildcard` for all of this machine.
        public var listen: [Address] = Swarm.wildcard
        /// Peers to dial at once.
        public var peers: [Address] = []
        /// Whether topics are looked for and announced on the local network. Tells everybody
        /// there which topics these are.
        public var mdns = true
        /// Whether connections over uTP are accepted and tried: they pass where firewalls stop TCP.
        public var utp = true
        /// Whether peers are looked for and announced in the family's distributed hash table.
        public var dht = true
        /// Ways into that table, by address or name. Without any, and without Mainline, it stays
        /// out of it.
        public var bootstrap: [Address] = []
        /// The same in BitTorrent's table. Off unless somebody wants it: it talks to strangers all
        /// over the world, and shows them which topics this address is after.
        public var mainline = false
        /// Ways into BitTorrent's table.
        public var mainlineBootstrap: [Address] = Swarm.mainlineEntryPoints
        /// Relays for those who cannot be reached directly; the other side must name the same.
        public var relays: [Address] = []
        /// What the swarm before this one left.
        public var memory = Memory()
        /// Whether the router is asked to lead a port to us. Off unless somebody wants it: it
        /// opens this machine to the world.
        public var portMapping = false

        /// Listens on every address of this machine, dials nobody.
        public init() {}

        /// Whether peers are looked for beyond the local network.
        public var searchesWorld: Bool {
            mainline || dht && !bootstrap.isEmpty || !relays.isEmpty
        }
    }

    /// What a swarm tells. Called on its loop; must not block.
    public protocol Handler: AnyObject, Sendable {
        /// A connection is there. Neither side has sent a byte.
        func opened(_ connection: Connection)
        /// Bytes came; the pointer is good only during the call.
        func received(_ bytes: UnsafeRawBufferPointer, on connection: Connection)
        /// The socket takes bytes again, or is full: what is sent now only fills memory.
        func writable(_ connection: Connection, _ isWritable: Bool)
        /// The last call for a connection. `error` nil: in good order.
        func closed(_ connection: Connection, error: (any Error)?)
        /// A dial failed; another attempt follows unless the peer is ourselves.
        func unreachable(_ peer: Address, error: SwarmError)
        /// A source of ours told of an address, which is dialed now or in a moment.
        func discovered(_ peer: Address, by origin: PeerOrigin)
        /// A connection that `identified` did not want is to be used now: the other one is gone.
        func promoted(_ connection: Connection)
        /// A search for peers begins, whose first answers are still to come; or has ended.
        func searching(_ isSearching: Bool)
        /// The router leads these ports to us now; empty: none any more.
        func mapped(_ mappings: [PortMapping])
    }

    /// Well-known nodes of BitTorrent's table (docs/spec/mainline-dht.md 3).
    public static let mainlineEntryPoints = [
        Address(host: "router.bittorrent.com", port: 6881),
        Address(host: "router.utorrent.com", port: 6881),
        Address(host: "dht.transmissionbt.com", port: 6881),
        Address(host: "dht.libtorrent.org", port: 25401),
    ]

    /// All addresses of this machine, on a port that is free for both families.
    public static let wildcard = [Address(host: "0.0.0.0", port: 0), Address(host: "::", port: 0)]

    let loop: any EventLoop
    let handler: any Handler
    let configuration: Configuration
    let state: NIOLoopBoundBox<State>

    struct State {
        var listeners: [any Channel] = []
        /// For UDP; none when nothing needs it.
        var port: DatagramPort?
        /// uTP connections: those that stand, and those that are dialed.
        var streams: [ObjectIdentifier: Connection] = [:]
        var dials: [ObjectIdentifier: Dial] = [:]
        /// What is bound, before wildcards are spelled out.
        var bound: [Address] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var queue = PeerQueue(random: SystemRandomNumberGenerator())
        var duplicates = Deduplication<ObjectIdentifier>()
        var strangers = Strangers<ObjectIdentifier>()
        /// Addresses that are left alone for as long as a connection lives.
        var resting: [ObjectIdentifier: [Address]] = [:]
        var alarm: Alarm?
        var topics: [Bytes32: Interest] = [:]
        var sources: [any PeerSource] = []
        var tables = Tables()
        var isSearching = false
        /// Peers to remember, the latest first.
        var known: [Memory.Peer] = []
        var mapper: PortMappingPort?
        /// The port for UDP that the router leads to ours.
        var mappedPort: UInt16?
        var watch: NetworkWatch?
        var lonely = LonelySearch()
        var lonelyScan: RepeatedTask?
        var isStarted = false
        var isStopped = false
    }

    /// What is wanted of a topic.
    struct Interest {
        let announce: Bool
        let lookup: Bool
    }

    /// A swarm that does nothing until `start`.
    public init(loop: any EventLoop, configuration: Configuration, handler: any Handler) {
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
        var initial = State()
        initial.known = configuration.memory.peers
        state = .makeBoxSendingValue(initial, eventLoop: loop)
    }

    /// Binds, then dials the configured peers. Returns the addresses that peers can dial, the
    /// most reachable first. Throws `SwarmError` for an address that cannot be had.
    public func start() async throws -> [Address] {
        var bound: [Address] = []
        do {
            for address in configuration.listen { bound += try await listen(on: address, bound) }
            if bound.isEmpty, needsPort { await listenForAnswers() }
        } catch {
            await stop()
            throw error
        }
        let addresses = bound
        loop.execute { self.began(on: addresses) }
        for peer in configuration.peers { dial(peer) }
        return bound.flatMap(Interfaces.reachable)
    }

    /// Dials a peer now, and again whenever it is lost. Any thread; twice is once.
    public func dial(_ peer: Address) {
        loop.execute {
            guard !self.state.value.isStopped else { return }
            self.state.value.queue.keep(peer, now: .now())
            self.dialWaiting()
        }
    }

    /// Closes everything, in good order; returns when all sockets are closed.
    public func stop() async {
        let closing = loop.flatSubmit { () -> EventLoopFuture<Void> in
            self.state.value.isStopped = true
            self.state.value.alarm?.cancel()
            var sources = self.state.value.sources.map { $0.stop() }
            if let mapper = self.state.value.mapper { sources.append(mapper.stop()) }
            sources.append(self.stopWatching())
            self.state.value.sources = []
            self.state.value.tables.punches = [:]
            self.state.value.mapper = nil
            let connections = Array(self.state.value.connections.values)
            let channels = self.state.value.listeners + connections.compactMap(\.channel)
            self.state.value.listeners.forEach { $0.close(promise: nil) }
            connections.forEach { $0.close(reason: nil) }
            // The port last: sources say goodbye through it.
            return EventLoopFuture.andAllComplete(sources, on: self.loop).flatMap {
                let ports = [self.port].compactMap { $0?.close() }
                return .andAllComplete(channels.map(\.closeFuture) + ports, on: self.loop)
            }
        }
        try? await closing.get()
    }
}

extension Swarm.Handler {
    /// Nothing to do.
    public func discovered(_ peer: Swarm.Address, by origin: Swarm.PeerOrigin) {}
    /// Nothing to do: only who calls `identified` is told.
    public func promoted(_ connection: Swarm.Connection) {}
    /// Nothing to do.
    public func searching(_ isSearching: Bool) {}
    /// Nothing to do.
    public func mapped(_ mappings: [Swarm.PortMapping]) {}
}
