import HyperCrypto
import Hypercore
import Replication
import TestSupport

/// A peer that a test plays by hand: a `Session` and a script instead of a scheduler.
package final class SimulationScript: SimulationHost, @unchecked Sendable {
    package let world: SimulationWorld
    package let feed: Feed
    package var session: Session?
    package private(set) var end: SimulationEnd?
    package private(set) var channel: Session.ChannelID?
    package private(set) var isConnected = false
    package private(set) var isWritable = true
    /// Everything the other side said.
    package private(set) var heard: [Message] = []
    package private(set) var strangers: [DiscoveryKey] = []
    package private(set) var closed = 0
    package private(set) var extensions: [String] = []
    private let opensAtOnce: Bool
    /// What to do when both sides are open, and with each message.
    package var onOpen: (SimulationScript) -> Void = { _ in }
    package var onMessage: (SimulationScript, Message) -> Void = { _, _ in }
    private var remoteNodes = RemoteNodes()

    package init(_ world: SimulationWorld, _ feed: Feed, opensAtOnce: Bool = true) {
        self.world = world
        self.feed = feed
        self.opensAtOnce = opensAtOnce
    }

    /// A peer that has the whole feed and answers each request as `answer` says.
    package static func server(
        _ world: SimulationWorld, _ feed: Feed,
        answer: @escaping (SimulationScript, UInt64, Message) -> Void
    ) -> SimulationScript {
        let script = SimulationScript(world, feed)
        script.onOpen = {
            $0.send(.have(start: 0, length: feed.length, bitfield: nil, ack: nil))
        }
        script.onMessage = { script, message in
            guard case .request(let index, _, let hash, let nodes) = message,
                let honest = script.honestAnswer(index, hash, nodes)
            else { return }
            answer(script, index, honest)
        }
        return script
    }

    package func honestAnswer(_ index: UInt64, _ hash: Bool, _ digest: UInt64) -> Message? {
        guard
            let proof = try? feed.proof(
                for: index, digest: digest, includeLeaf: hash, remote: remoteNodes),
            let value = try? feed.block(index)
        else { return nil }
        return .data(
            index: index, value: hash ? nil : value,
            nodes: proof.nodes.map { WireNode(index: $0.index, hash: $0.hash, size: $0.size) },
            signature: proof.signature)
    }

    package func connected(_ end: SimulationEnd, initiator: Bool) {
        self.end = end
        isConnected = true
        session = Session(
            initiator: initiator,
            configuration: Session.Configuration(staticKey: NoiseKeyPair(random: &world.random)),
            random: &world.random, now: world.now)
        world.at(world.now) { self.flush() }
    }

    package func received(_ bytes: [UInt8], on end: SimulationEnd) {
        var events: [Session.Event] = []
        do {
            try bytes.withUnsafeBytes {
                try session?.receive($0, now: world.now) { _, event in events.append(event) }
            }
        } catch {
            return end.close()
        }
        for event in events { handle(event) }
        flush()
    }

    private func handle(_ event: Session.Event) {
        switch event {
        case .established:
            if opensAtOnce { open() }
        case .unknownDiscoveryKey(let key):
            strangers.append(key)
        case .opened: onOpen(self)
        case .closed:
            closed += 1
            channel = nil
        case .message(_, let message):
            if case .options = message { return }
            heard.append(message)
            onMessage(self, message)
        case .extension(_, let name, _): extensions.append(name)
        case .extensions: break
        }
    }

    package func open() {
        channel = try? session?.open(feed.key, extensions: ["greeting"])
        if let channel, session?.isOpen(channel) == true { onOpen(self) }
        flush()
    }

    package func send(_ message: Message) {
        guard isConnected, let channel else { return }
        session?.send(message, on: channel)
    }

    package func flush() {
        guard isConnected, let bytes = session?.takeOutput(), !bytes.isEmpty else { return }
        end?.send(bytes)
    }

    package func disconnected(_ end: SimulationEnd) { isConnected = false }
    package func forgetConnections() { end = nil }
    package func writable(_ isWritable: Bool, on end: SimulationEnd) {
        self.isWritable = isWritable
    }
}
