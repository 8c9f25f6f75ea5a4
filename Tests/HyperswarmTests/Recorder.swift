import NIOCore
import NIOPosix
import Synchronization

@testable import Hyperswarm

/// A handler that writes down what it is told.
final class Recorder: Swarm.Handler {
    enum Event: Sendable, Equatable {
        case opened(isInitiator: Bool)
        case writable(Bool)
        case closed
        case unreachable(Swarm.Address, SwarmError.Code)
    }

    private struct State {
        var events: [Event] = []
        var received: [UInt8] = []
        var connections: [Swarm.Connection] = []
        var searches: [Bool] = []
        var discovered: [Swarm.Address] = []
        var origins: [Swarm.PeerOrigin] = []
    }

    private let state = Mutex(State())
    /// Answers each opened connection with these bytes.
    private let greeting: [UInt8]

    init(greeting: [UInt8] = []) { self.greeting = greeting }

    var events: [Event] { state.withLock { $0.events } }
    var received: [UInt8] { state.withLock { $0.received } }
    var connections: [Swarm.Connection] { state.withLock { $0.connections } }
    /// Beginnings (`true`) and ends of searches.
    var searches: [Bool] { state.withLock { $0.searches } }
    var discovered: [Swarm.Address] { state.withLock { $0.discovered } }
    var origins: [Swarm.PeerOrigin] { state.withLock { $0.origins } }

    func opened(_ connection: Swarm.Connection) {
        state.withLock {
            $0.events.append(.opened(isInitiator: connection.isInitiator))
            $0.connections.append(connection)
        }
        connection.send(greeting)
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {
        state.withLock { $0.received += bytes }
    }

    func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {
        state.withLock { $0.events.append(.writable(isWritable)) }
    }

    func closed(_ connection: Swarm.Connection, error: (any Error)?) {
        state.withLock { $0.events.append(.closed) }
    }

    func unreachable(_ peer: Swarm.Address, error: SwarmError) {
        state.withLock { $0.events.append(.unreachable(peer, error.code)) }
    }

    func discovered(_ peer: Swarm.Address, by origin: Swarm.PeerOrigin) {
        state.withLock {
            $0.discovered.append(peer)
            $0.origins.append(origin)
        }
    }

    func searching(_ isSearching: Bool) { state.withLock { $0.searches.append(isSearching) } }
}

/// Waits until something has become true; the suite's time limit is the bound.
func eventually(_ condition: @Sendable () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

/// A loop, a recorder and a swarm that ends with `stop`.
struct TestSwarm: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let recorder: Recorder
    let swarm: Swarm

    init(
        listen: [String] = ["127.0.0.1:0"], peers: [Swarm.Address] = [], greeting: [UInt8] = [],
        _ configure: (inout Swarm.Configuration) -> Void = { _ in }
    ) {
        recorder = Recorder(greeting: greeting)
        var configuration = Swarm.Configuration()
        configuration.listen = listen.compactMap { Swarm.Address($0) }
        configuration.peers = peers
        configure(&configuration)
        swarm = Swarm(loop: group.next(), configuration: configuration, handler: recorder)
    }

    func stop() async throws {
        await swarm.stop()
        try await group.shutdownGracefully()
    }
}

extension Swarm {
    /// Dials without TCP. On the loop.
    func dialByUTP(_ address: Address) {
        guard let endpoint = Endpoint(address) else { return }
        Dial(address, by: self).startUTP(to: endpoint)
    }
}
