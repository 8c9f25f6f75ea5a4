import Foundation
import HyperCrypto
import Logging
import NIOCore
import Synchronization

/// The node of a store (CLI.md section 3): the engine, what runs on it, and the socket on which
/// commands ask for more. One for each store: it holds the store's lock.
public final class StoreNode: Sendable {
    /// What a node is made from.
    public struct Configuration: Sendable {
        /// Store and network.
        public var engine: Engine.Configuration
        /// How long it stays once its last mount, share, seed and client are gone; nil: until it is
        /// told to end.
        public var linger: Duration?
        /// Whether it is there for other commands: then it counts as idle from the start.
        public var isForOthers = false
        /// The file that its log lines go to; nil: where its starter sees them.
        public var logFile: String?

        /// A node that ends as soon as there is nothing for it to do.
        public init(_ engine: Engine.Configuration) {
            self.engine = engine
            linger = .zero
        }

        /// The linger time of a node that a command has started in the background.
        public static var backgroundLinger: Duration { Limits.lingerTime }
    }

    /// What it is made from.
    public let configuration: Configuration
    /// Store and network.
    public let engine: Engine
    /// What was mended at the start, for people.
    public let notes: [String]
    let events = EventHub()
    let occupancy: Occupancy
    let mounts: Mounts
    let pins: PinFollower
    let shares: Shares
    let seeds: Seeds
    let started = Date()
    /// Drives that somebody has read without mounting them.
    let lookedFor = KeySet()
    /// Tells this node from the one before it in the same process.
    let instance: String = {
        var random = SystemRandom()
        return random.bytes(8).hex
    }()
    let takeover = Mutex<Takeover?>(nil)
    private let state = Mutex(State())
    private let ending = Gate()

    private struct State: Sendable {
        var server: ControlServer?
        var isEnding = false
        var successor: String?
        var companions: [@Sendable () async -> Void] = []
    }

    /// Takes the store and listens for commands. Throws NodeError `.storeLocked`, `.network`,
    /// `.corrupt`, `.failed`.
    public static func start(_ configuration: Configuration) async throws -> StoreNode {
        Successor.noteInherited()
        FileLimit.raise()
        // Before anything counts.
        MetricsRegistry.install()
        let engine = try await Engine.start(configuration.engine)
        let node: StoreNode
        do {
            node = try StoreNode(configuration, engine)
            try await node.listen()
        } catch {
            await engine.close()
            throw NodeError(error, while: "starting the node")
        }
        node.takeOver()
        node.pins.look()
        node.shares.resume()
        node.seeds.resume()
        node.occupancy.onIdle(fromNowOn: configuration.isForOthers) { [weak node] in node?.end() }
        return node
    }

    private init(_ configuration: Configuration, _ engine: Engine) throws {
        self.configuration = configuration
        self.engine = engine
        notes = DeadMounts.clear(of: configuration.engine.store)
        occupancy = Occupancy(loop: engine.loop, linger: configuration.linger)
        mounts = Mounts(engine: engine, events: events, occupancy: occupancy)
        pins = PinFollower(engine)
        let resumption = try Resumption(store: configuration.engine.store)
        shares = Shares(
            engine: engine, events: events, occupancy: occupancy, resumption: resumption)
        seeds = Seeds(
            engine: engine, events: events, occupancy: occupancy, resumption: resumption)
    }

    private func listen() async throws {
        guard let path = ControlSocket.path(store: configuration.engine.store) else {
            throw NodeError.noSocket
        }
        let server = try await ControlServer.start(
            at: path, loop: engine.loop,
            router: ControlRouter(routes: Self.routes), occupancy: occupancy
        ) { [weak self] request, route in
            guard let self, !isEnding, !endsForWantOfStore() else { throw NodeError.ending }
            return try await route.handler(self, request)
        }
        state.withLock { $0.server = server }
    }

    /// Keeps it from ending for want of work, until `leave`: for the command that is this node.
    public func enter() { occupancy.enter() }

    /// The end of what began with `enter`.
    public func leave() { occupancy.leave() }

    /// What listens on the node's loop beside it, and has to be closed before that ends.
    func closeAtEnd(_ companion: @escaping @Sendable () async -> Void) {
        state.withLock { $0.companions.append(companion) }
    }

    /// Asks it to end. Any thread; twice is once.
    public func end() { ending.open() }

    /// Asks it to end for another program, which is to take the place of this process.
    func end(for program: String) {
        state.withLock { $0.successor = program }
        end()
    }

    /// The program to become once `run` has returned (`Successor`); nil: none.
    public var successor: String? { state.withLock { $0.successor } }

    /// Returns when it was asked to end, or has nothing to do any more, and everything is
    /// unmounted, written and closed.
    public func run() async {
        await ending.wait()
        await close()
    }

    /// Whoever removes a store and goes on has a new one in mind: what this node would put into
    /// the old one is lost.
    private func endsForWantOfStore() -> Bool {
        guard engine.store.isGone else { return false }
        engine.configuration.logger.error(
            "the store \(configuration.engine.store) was removed; its node ends")
        end()
        return true
    }

    private var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Ends in good order: no new commands, shares and mounts away, then network and store.
    private func close() async {
        let (server, isReplaced) = state.withLock { state in
            state.isEnding = true
            return (state.server, state.successor != nil)
        }
        await server?.stopListening()
        await shares.end()
        await seeds.end()
        // When they come back at once, mounts go as late as can be.
        if isReplaced { await mounts.endAttached() } else { await mounts.end() }
        await pins.stop()
        events.finish()
        await server?.closeClients()
        for close in state.withLock({ $0.companions }) { await close() }
        occupancy.close()
        if isReplaced {
            leaveMounts()
            await mounts.end()
        }
        await engine.close()
    }
}
