import HyperCrypto
import Hypercore
import Synchronization
import TestSupport

@testable import Hypertrie

/// The fields of a fake network that change.
private struct Traffic {
    var rounds = 0
    var blocksSent: [UInt64] = []
    var messages: [[UInt8]] = []
    var waiting: [(blocks: [UInt64], completion: @Sendable (Result<Void, FeedError>) -> Void)] = []
    var inbox: [[UInt8]] = []
    var nextID: UInt64 = 0
}

/// A link between a sparse reader and a full source, on which time passes in round trips: what is
/// asked for before a `deliver` arrives with it.
final class RoundTripNetwork: FeedNetwork {
    let source: Feed
    /// Whether the source answers extension requests.
    let answers: Bool
    private let traffic = Mutex(Traffic())

    init(source: Feed, answers: Bool) {
        self.source = source
        self.answers = answers
    }

    var rounds: Int { traffic.withLock { $0.rounds } }
    var messages: [[UInt8]] { traffic.withLock { $0.messages } }
    var blocksSent: [UInt64] { traffic.withLock { $0.blocksSent } }

    func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID {
        traffic.withLock { traffic in
            traffic.nextID += 1
            switch demand.target {
            case .list(let blocks): traffic.waiting.append((blocks, completion))
            case .blocks(let range): traffic.waiting.append((Array(range), completion))
            case .length, .byte: traffic.waiting.append(([source.length - 1], completion))
            }
            return DemandID(traffic.nextID)
        }
    }

    func withdraw(_ id: DemandID) {}
    func peerCount(of feed: Feed) -> Int { 1 }

    func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {
        traffic.withLock {
            $0.messages.append(payload)
            $0.inbox.append(payload)
        }
    }

    func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID) {}

    /// One round trip: all blocks that were asked for come, then the answers to the requests.
    func deliver(to reader: Feed) throws {
        let (waiting, inbox) = traffic.withLock { traffic in
            traffic.rounds += 1
            defer {
                traffic.waiting = []
                traffic.inbox = []
            }
            return (traffic.waiting, traffic.inbox)
        }
        for block in Set(waiting.flatMap(\.blocks)) where !reader.has(block) {
            try copy(block, to: reader)
        }
        if answers {
            let responder = TrieResponder(source: TrieCore.of(source), newest: source.length - 1)
            for request in inbox {
                guard let message = TrieMessage(decoding: request) else { continue }
                var blocks = responder.blocks(for: message)
                while !blocks.isEmpty {
                    let chunk = Array(blocks.prefix(128))
                    blocks.removeFirst(chunk.count)
                    let bytes = try TrieMessage.cache(blocks: chunk).encoded()
                    reader.receiveExtension("hypertrie", from: PeerID(1), payload: bytes)
                }
            }
        }
        for demand in waiting { demand.completion(.success(())) }
    }

    /// One block with its proof, stored there.
    func copy(_ block: UInt64, to reader: Feed) throws {
        let digest = reader.digest(for: block)
        guard
            let proof = try source.proof(
                for: block, digest: digest, includeLeaf: false, remote: RemoteNodes()),
            let value = try source.block(block)
        else { throw FeedError(.notFound, "the source has no block \(block)") }
        try reader.put(block, value: value, proof: proof)
        traffic.withLock { $0.blocksSent.append(block) }
    }
}

/// A sparse copy of a trie's feed that knows its length and nothing else.
struct SparseReader {
    let trie: Trie
    let network: RoundTripNetwork

    init(of source: Trie, answers: Bool = true) throws {
        let feed = try Feed(storage: MemoryStorage(), key: source.feed.key)
        network = RoundTripNetwork(source: source.feed, answers: answers)
        // The header proves the length.
        try network.copy(0, to: feed)
        feed.network = network
        trie = try Trie(feed: feed)
    }

    /// What `resolve` does, in round trips instead of time.
    func resolve<T>(_ body: () throws -> T) throws -> T {
        var hints: Set<[UInt8]> = []
        for _ in 0..<200 {
            do {
                return try body()
            } catch let missing as MissingBlocks {
                if let hint = missing.hint, hints.insert(hint.payload).inserted {
                    network.broadcast(hint.payload, extension: hint.extension, of: missing.feed)
                }
                missing.feed.fetch(Demand(missing.target)) { _ in }
                try network.deliver(to: trie.feed)
            }
        }
        throw FeedError(.timedOut, "no end after 200 round trips")
    }
}
