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
    }

    private let state = Mutex(State())
    /// Answers each opened connection with these bytes.
    private let greeting: [UInt8]

    init(greeting: [UInt8] = []) { self.greeting = greeting }

    var events: [Event] { state.withLock { $0.events } }
    var received: [UInt8] { state.withLock { $0.received } }
    var connections: [Swarm.Connection] { state.withLock { $0.connections } }

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
        listen: [String] = ["127.0.0.1:0"], peers: [Swarm.Address] = [], greeting: [UInt8] = []
    ) {
        recorder = Recorder(greeting: greeting)
        var configuration = Swarm.Configuration()
        configuration.listen = listen.compactMap { Swarm.Address($0) }
        configuration.peers = peers
        swarm = Swarm(loop: group.next(), configuration: configuration, handler: recorder)
    }

    func stop() async throws {
        await swarm.stop()
        try await group.shutdownGracefully()
    }
}
