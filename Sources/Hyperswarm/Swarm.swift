import NIOCore
import NIOPosix

/// Byte-stream connections to peers: listens, dials, and dials again what was lost.
///
/// Every callback comes on `loop`. A dialed peer is kept: when it cannot be reached, or goes away,
/// it is dialed again later and later (`Redial`), until the swarm stops.
public final class Swarm: Sendable {
    /// Where to listen and whom to dial.
    public struct Configuration: Sendable {
        /// Addresses to listen on; `wildcard` for all of this machine.
        public var listen: [Address] = Swarm.wildcard
        /// Peers to dial at once.
        public var peers: [Address] = []

        /// Listens on every address of this machine, dials nobody.
        public init() {}
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
    }

    /// All addresses of this machine, on a port that is free for both families.
    public static let wildcard = [Address(host: "0.0.0.0", port: 0), Address(host: "::", port: 0)]

    let loop: any EventLoop
    let handler: any Handler
    private let configuration: Configuration
    private let state: NIOLoopBoundBox<State>

    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var connectionsByHost: [String: Int] = [:]
        var peers: [Address: Peer] = [:]
        var waiting: [Address] = []
        var dialsUnderWay = 0
        var isStopped = false
    }

    /// A peer that we dial.
    private struct Peer {
        var redial = Redial()
        var connection: ObjectIdentifier?
        var timer: Scheduled<Void>?
    }

    /// A swarm that does nothing until `start`.
    public init(loop: any EventLoop, configuration: Configuration, handler: any Handler) {
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
        state = .makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// Binds, then dials the configured peers. Returns the addresses that peers can dial, the
    /// most reachable first. Throws `SwarmError` for an address that cannot be had.
    public func start() async throws -> [Address] {
        var bound: [Address] = []
        do {
            for address in configuration.listen { bound += try await listen(on: address, bound) }
        } catch {
            await stop()
            throw error
        }
        for peer in configuration.peers { dial(peer) }
        return bound.flatMap(Interfaces.reachable)
    }

    /// Dials a peer now, and again whenever it is lost. Any thread; twice is once.
    public func dial(_ peer: Address) {
        loop.execute { self.add(peer) }
    }

    /// Closes everything, in good order; returns when all sockets are closed.
    public func stop() async {
        let closing = loop.flatSubmit { () -> EventLoopFuture<Void> in
            self.state.value.isStopped = true
            self.state.value.waiting = []
            for peer in self.state.value.peers.values { peer.timer?.cancel() }
            let connections = Array(self.state.value.connections.values)
            let channels = self.state.value.listeners + connections.map(\.channel)
            self.state.value.listeners.forEach { $0.close(promise: nil) }
            connections.forEach { $0.close(reason: nil) }
            return .andAllComplete(channels.map(\.closeFuture), on: self.loop)
        }
        try? await closing.get()
    }
}

// MARK: - Listening

extension Swarm {
    /// Binds one address. The IPv6 wildcard takes the port that IPv4 got, where it is free: one
    /// number to tell others.
    private func listen(on address: Address, _ bound: [Address]) async throws -> [Address] {
        var wanted = [address]
        if address == Self.wildcard[1], let twin = bound.first(where: { $0.host == "0.0.0.0" }) {
            wanted.insert(Address(host: "::", port: twin.port), at: 0)
        }
        var failure: any Error = ChannelError.operationUnsupported
        for candidate in wanted {
            do {
                let channel = try await bind(candidate).get()
                return Address(channel.localAddress).map { [$0] } ?? []
            } catch {
                failure = error
            }
        }
        // A machine without IPv6 is no reason to fail when nobody asked for IPv6.
        if address == Self.wildcard[1], !bound.isEmpty { return [] }
        throw SwarmError(listening: address, failure)
    }

    private func bind(_ address: Address) -> EventLoopFuture<any Channel> {
        var bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Limits.Own.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { self.prepare($0) }
        bootstrap = Self.tune(bootstrap)
        if address.host.contains(":") {
            // Without this [::] takes IPv4 as well, and 0.0.0.0 cannot have the same port.
            let only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(only, value: 1)
        }
        return bootstrap.bind(host: address.host, port: address.port).hop(to: loop).map { channel in
            self.state.value.listeners.append(channel)
            return channel
        }
    }

    private static func tune(_ bootstrap: ServerBootstrap) -> ServerBootstrap {
        bootstrap
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: readAllocator)
            .childChannelOption(.maxMessagesPerRead, value: Limits.Own.readsPerTurn)
            .childChannelOption(.writeBufferWaterMark, value: writeMark)
    }

    private static var readAllocator: FixedSizeRecvByteBufferAllocator {
        FixedSizeRecvByteBufferAllocator(capacity: Limits.Own.readBytes)
    }

    private static var writeMark: ChannelOptions.Types.WriteBufferWaterMark {
        .init(low: Limits.Own.writeLowWater, high: Limits.Own.writeHighWater)
    }
}

// MARK: - Dialing, on the loop

extension Swarm {
    private func add(_ peer: Address) {
        guard !state.value.isStopped, state.value.peers[peer] == nil else { return }
        guard state.value.peers.count < Limits.Own.peersMax else { return }
        state.value.peers[peer] = Peer()
        state.value.waiting.append(peer)
        dialWaiting()
    }

    private func dialWaiting() {
        while !state.value.isStopped, !state.value.waiting.isEmpty,
            state.value.dialsUnderWay < Limits.Own.dialsMax
        {
            let peer = state.value.waiting.removeFirst()
            state.value.dialsUnderWay += 1
            connect(peer).whenComplete { result in
                self.state.value.dialsUnderWay -= 1
                if case .failure(let error) = result {
                    self.missed(peer, SwarmError(dialing: peer, error))
                }
                self.dialWaiting()
            }
        }
    }

    private func connect(_ peer: Address) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .connectTimeout(Limits.Specification.dialTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: Self.readAllocator)
            .channelOption(.maxMessagesPerRead, value: Limits.Own.readsPerTurn)
            .channelOption(.writeBufferWaterMark, value: Self.writeMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ConnectionHandler(swarm: self, peer: peer)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: peer.host, port: peer.port)
            .hop(to: loop)
    }

    private func missed(_ peer: Address, _ error: SwarmError) {
        guard !state.value.isStopped else { return }
        handler.unreachable(peer, error: error)
        redial(peer)
    }

    private func redial(_ peer: Address) {
        guard var entry = state.value.peers[peer], !state.value.isStopped else { return }
        let wait = entry.redial.delay(jitter: .random(in: 0...1))
        entry.connection = nil
        entry.timer = loop.scheduleTask(in: wait) {
            self.state.value.waiting.append(peer)
            self.dialWaiting()
        }
        state.value.peers[peer] = entry
    }
}

// MARK: - Connections, on the loop

extension Swarm {
    /// Gives an accepted connection its handler.
    private func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let handler = ConnectionHandler(swarm: self, peer: nil)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }

    /// Whether an accepted connection may stay. Asked when it is counted, not before: of many
    /// that are accepted in one go none is counted yet.
    private func isWelcome(_ connection: Connection) -> Bool {
        let ofHost = state.value.connectionsByHost[connection.host, default: 0]
        return state.value.connections.count < Limits.Own.connectionsMax
            && ofHost < Limits.Own.connectionsPerHostMax
    }

    /// The socket is connected. Returns false when there is nothing to do but close it.
    func begin(_ connection: Connection) -> Bool {
        guard !state.value.isStopped, connection.isInitiator || isWelcome(connection) else {
            return false
        }
        if let peer = connection.peer {
            state.value.peers[peer]?.connection = ObjectIdentifier(connection)
            state.value.peers[peer]?.redial.succeeded()
        }
        if let twin = state.value.connections.values.first(where: { connection.isTwin(of: $0) }) {
            dropOurselves(connection, twin)
            return false
        }
        state.value.connections[ObjectIdentifier(connection)] = connection
        state.value.connectionsByHost[connection.host, default: 0] += 1
        handler.opened(connection)
        return true
    }

    /// Both ends of one connection are ours: nothing to learn there, and dialing it again would
    /// never end.
    private func dropOurselves(_ newer: Connection, _ older: Connection) {
        if let peer = newer.peer ?? older.peer {
            state.value.peers[peer] = nil
            handler.unreachable(peer, error: .ourselves(peer))
        }
        older.close(reason: nil)
    }

    /// The socket is closed: the handler's last call, and a new dial if it was ours.
    func ended(_ connection: Connection) {
        let id = ObjectIdentifier(connection)
        guard state.value.connections.removeValue(forKey: id) != nil else { return }
        let left = state.value.connectionsByHost[connection.host, default: 1] - 1
        state.value.connectionsByHost[connection.host] = left > 0 ? left : nil
        handler.closed(connection, error: connection.reason)
        if let peer = connection.peer, state.value.peers[peer]?.connection == id { redial(peer) }
    }
}
