import HyperCrypto
import NIOCore

/// What one run leaves to the next, so that it need not begin with nothing.
extension Swarm {
    /// Nodes and peers that were there lately. Nothing of it is secret, and nothing is trusted:
    /// they are whom to ask first.
    public struct Memory: Codable, Hashable, Sendable {
        /// A peer that had a topic, at an address that we could dial.
        public struct Peer: Codable, Hashable, Sendable {
            /// `host:port`
            var address: String
            /// Hexadecimal.
            var topics: [String]
            /// Runs in a row in which it could not be reached.
            var misses = 0
        }

        /// As the nodes wrote them; hexadecimal.
        private var dht = ""
        private var mainline = ""
        /// The latest first.
        var peers: [Peer] = []

        /// Nothing.
        public init() {}

        init(dhtNodes: [UInt8], mainlineNodes: [UInt8], peers: [Peer]) {
            dht = dhtNodes.hex
            mainline = mainlineNodes.hex
            self.peers = Array(peers.prefix(Limits.Queue.rememberedPeers))
        }

        var dhtNodes: [UInt8] { Self.bytes(dht) }
        var mainlineNodes: [UInt8] { Self.bytes(mainline) }

        private static func bytes(_ text: String) -> [UInt8] { [UInt8](hex: text) ?? [] }
    }

    /// What to give the next swarm of the same owner. Any thread.
    public func memory() async -> Memory {
        let told = loop.submit { self.currentMemory }
        return (try? await told.get()) ?? configuration.memory
    }

    private var currentMemory: Memory {
        let old = configuration.memory
        let tables = state.value.tables
        // Who has not been able to ask anybody keeps what was known before.
        let dht = tables.dht.flatMap { $0.node.nodeCount > 0 ? $0.node.savedNodes() : nil }
        let mainline = tables.mainline.flatMap {
            $0.node.nodeCount > 0 ? $0.node.savedNodes() : nil
        }
        return Memory(
            dhtNodes: dht ?? old.dhtNodes, mainlineNodes: mainline ?? old.mainlineNodes,
            peers: state.value.known)
    }

    /// A dialed peer has told its name: worth to be remembered if it was found, not given.
    func remember(_ connection: Connection) {
        guard let address = connection.peer,
            let entry = state.value.queue.entries[address], !entry.isGiven
        else { return }
        let topics = entry.topics.prefix(Limits.Queue.rememberedTopics).map(\.hex)
        let text = address.description
        state.value.known.removeAll { $0.address == text }
        state.value.known.insert(Memory.Peer(address: text, topics: topics), at: 0)
        if state.value.known.count > Limits.Queue.rememberedPeers {
            state.value.known.removeLast()
        }
    }

    /// A remembered peer could not be reached; after some times it is forgotten.
    func missedKnown(_ address: Address) {
        let text = address.description
        guard let index = state.value.known.firstIndex(where: { $0.address == text }) else {
            return
        }
        state.value.known[index].misses += 1
        guard state.value.known[index].misses > Limits.Queue.rememberedMisses else { return }
        state.value.known.remove(at: index)
    }

    /// Those that had this topic are tried before anybody has been asked.
    func recall(_ topic: Bytes32) {
        let name = topic.hex
        for peer in state.value.known where peer.topics.contains(name) {
            guard let address = Address(peer.address), address.port != 0 else { continue }
            found(Candidate(address: address, origin: .remembered, topic: topic))
        }
    }
}
