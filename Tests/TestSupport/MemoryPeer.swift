import Dispatch
import HyperCrypto
import Hypercore
import Synchronization

/// A feed's network of one peer in the same process, which can be slow, silent or gone. What it
/// sends goes through the same proofs as from a real peer.
public final class MemoryPeer: FeedNetwork {
    /// How the peer behaves.
    public enum Mood: Sendable {
        /// Answers at once, from a thread of its own.
        case prompt
        /// Answers when `deliver` is called.
        case holding
        /// Is connected and never answers.
        case silent
        /// Is not connected at all.
        case absent
        /// Sends what does not verify.
        case lying
    }

    /// A demand that waits for its answer.
    private struct Waiting: Sendable {
        let demand: Demand
        let feed: Feed
        let completion: @Sendable (Result<Void, FeedError>) -> Void
    }

    private struct State: Sendable {
        var mood = Mood.prompt
        var next: UInt64 = 0
        var waiting: [DemandID: Waiting] = [:]
        var demands: [(key: PublicKey, demand: Demand)] = []
        var withdrawn = 0
    }

    private let source: @Sendable (PublicKey) -> Feed?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "peer")

    /// A peer that has the feeds which `source` gives.
    public init(source: @escaping @Sendable (PublicKey) -> Feed?) { self.source = source }

    /// Changes what it does from now on.
    public func become(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// Everything that was asked for so far.
    public var demands: [(key: PublicKey, demand: Demand)] { state.withLock { $0.demands } }

    /// How many demands were taken back.
    public var withdrawnCount: Int { state.withLock { $0.withdrawn } }

    /// Demands without an answer.
    public var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Answers everything that was held back.
    public func deliver() {
        for id in state.withLock({ $0.waiting.keys }) { answer(id) }
    }

    /// Brings a feed's length up to the source's, as `have` and a proof would.
    public func announce(to feed: Feed) throws {
        if let length = source(feed.key)?.length, length > feed.length {
            try give(.length(atLeast: length), to: feed)
        }
    }

    /// Answers as the mood is.
    public func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID {
        let (id, mood) = state.withLock { state in
            state.next += 1
            let id = DemandID(state.next)
            state.demands.append((feed.key, demand))
            state.waiting[id] = Waiting(demand: demand, feed: feed, completion: completion)
            return (id, state.mood)
        }
        switch mood {
        case .prompt: queue.async { self.answer(id) }
        case .lying:
            queue.async {
                self.finish(id, .failure(FeedError(.corrupt, "what came does not verify")))
            }
        case .holding, .silent, .absent: break
        }
        return id
    }

    /// Takes a demand back.
    public func withdraw(_ id: DemandID) {
        let isWaiting = state.withLock { state in
            state.withdrawn += 1
            return state.waiting[id] != nil
        }
        if isWaiting { finish(id, .failure(FeedError(.cancelled, "withdrawn"))) }
    }

    /// Nobody hears it.
    public func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {}

    /// Nobody hears it.
    public func send(
        _ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID
    ) {}

    /// 1, unless the peer is absent.
    public func peerCount(of feed: Feed) -> Int {
        state.withLock { if case .absent = $0.mood { 0 } else { 1 } }
    }

    private func finish(_ id: DemandID, _ result: Result<Void, FeedError>) {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.completion(result)
    }

    private func answer(_ id: DemandID) {
        guard let waiting = state.withLock({ $0.waiting[id] }) else { return }
        do {
            try give(waiting.demand.target, to: waiting.feed)
            finish(id, .success(()))
        } catch {
            finish(id, .failure(FeedError(.noPeers, "the peer has not got it: \(error)")))
        }
    }

    private func give(_ target: Demand.Target, to feed: Feed) throws {
        guard let source = source(feed.key) else {
            throw FeedError(.noPeers, "the peer does not know the feed")
        }
        switch target {
        case .blocks(let range): for block in range { try give(block, of: source, to: feed) }
        case .list(let blocks): for block in blocks { try give(block, of: source, to: feed) }
        case .length(let length): try giveHash(length - 1, of: source, to: feed)
        case .byte(let byte, let range):
            guard case .found(let block, _) = try source.seek(byte: byte, within: range) else {
                throw FeedError(.noPeers, "the peer cannot find the byte")
            }
            try giveHash(block, of: source, to: feed)
        }
    }

    private func give(_ block: UInt64, of source: Feed, to feed: Feed) throws {
        if feed.has(block) { return }
        guard let value = try source.block(block),
            let proof = try source.proof(
                for: block, digest: feed.digest(for: block), includeLeaf: false,
                remote: RemoteNodes())
        else { throw FeedError(.noPeers, "the peer has not got block \(block)") }
        try feed.put(block, value: value, proof: proof)
    }

    private func giveHash(_ block: UInt64, of source: Feed, to feed: Feed) throws {
        guard
            let proof = try source.proof(
                for: block, digest: 0, includeLeaf: true, remote: RemoteNodes())
        else { throw FeedError(.noPeers, "the peer has no tree node of block \(block)") }
        try feed.put(block, value: nil, proof: proof)
    }
}
