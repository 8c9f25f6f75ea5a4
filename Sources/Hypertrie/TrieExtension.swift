import Dispatch
import Hypercore
import Synchronization

/// Both sides of the wire extension of one feed (docs/spec/hypertrie.md section 11): requests that
/// go with missing blocks, answers that come, answers to others.
final class TrieExtension: Sendable {
    private struct State {
        var ledger = RequestLedger()
        var budget = PeerBudget()
        var working = 0
    }

    private let state = Mutex(State())
    private let clock: @Sendable () -> UInt64
    private let work: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - clock: milliseconds that never go back.
    ///   - work: where requests are answered, off the thread that brings them.
    init(
        clock: @escaping @Sendable () -> UInt64,
        work: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.clock = clock
        self.work = work
    }

    /// With the machine's clock and a queue of its own.
    convenience init() {
        let start = ContinuousClock().now
        let queue = DispatchQueue(label: "hypertrie.answers", qos: .utility)
        self.init(
            clock: {
                let (seconds, attoseconds) = (ContinuousClock().now - start).components
                return UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
            },
            work: { queue.async(execute: $0) })
    }

    // MARK: Asking

    /// The message that goes with the missing blocks of a lookup.
    func request(_ path: TriePath, head: UInt64) -> [UInt8]? {
        // Older peers only walk the visible half: they at least ignore what they do not know.
        let message: TrieMessage =
            path.isHidden
            ? .iterator(.init(head: head, prefix: path.key, flags: 9, checkpoint: nil))
            : .get(head: head, key: path.key)
        state.withLock { $0.ledger.asked(head: head, at: clock()) }
        return try? message.encoded()
    }

    /// The message that goes with the missing blocks of an iteration.
    func request(
        prefix: TriePath, options: Trie.IterationOptions, head: UInt64, followed: Int,
        checkpoint: [UInt8]?
    ) -> [UInt8]? {
        var iterator = TrieMessage.Iterator(
            head: head, prefix: prefix.key, flags: options.bits, checkpoint: nil)
        guard let walk = try? TrieMessage.iterator(iterator).encoded() else { return nil }
        iterator.checkpoint = checkpoint
        guard let fresh = try? TrieMessage.iterator(iterator).encoded() else { return nil }
        return state.withLock { state in
            let now = clock()
            state.ledger.asked(head: head, at: now)
            return state.ledger.request(of: walk, followed: followed, fresh: fresh, at: now)
        }
    }

    // MARK: Receiving

    /// A peer's message. `feed` is the one it came on.
    func receive(_ payload: [UInt8], from peer: PeerID, feed: Feed, core: TrieCore) {
        guard let message = TrieMessage(decoding: payload) else { return }
        if case .cache(let blocks) = message {
            fetch(blocks, of: feed)
            return
        }
        let isAdmitted = state.withLock { state in
            guard state.working < SpecLimits.requestsAtOnceMax,
                state.budget.admits(peer, at: clock())
            else { return false }
            state.working += 1
            return true
        }
        guard isAdmitted else { return }
        // The closure keeps the feed, and so its companion, until the answer is out.
        work { [self] in answer(message, to: peer, feed: feed, core: core) }
    }

    private func answer(_ message: TrieMessage, to peer: PeerID, feed: Feed, core: TrieCore) {
        var blocks: [UInt64] = []
        if let newest = core.headSeq {
            blocks = TrieResponder(source: core, newest: newest).blocks(for: message)
        }
        state.withLock { state in
            state.working -= 1
            state.budget.charge(peer, blocks: blocks.count)
        }
        let network = feed.network
        while !blocks.isEmpty {
            let chunk = Array(blocks.prefix(SpecLimits.answerChunkBlocks))
            blocks.removeFirst(chunk.count)
            guard let bytes = try? TrieMessage.cache(blocks: chunk).encoded() else { return }
            network?.send(bytes, extension: TrieMessage.name, of: feed, to: peer)
        }
    }

    /// Blocks that a peer says will be needed. Nobody may make us fetch what we did not ask for.
    private func fetch(_ blocks: [UInt64], of feed: Feed) {
        guard state.withLock({ $0.ledger.isExpecting(at: clock()) }) else { return }
        let length = feed.length
        var known: Set<UInt64> = []
        let missing = blocks.prefix(SpecLimits.answerBlocksMax).filter {
            known.insert($0).inserted && !feed.has($0)
        }
        let (now, ahead) = state.withLock { state in
            let end = max(length, state.ledger.newestHead + 1)
            return state.ledger.accept(missing.filter { $0 < end })
        }
        let timeout = Duration.seconds(OwnLimits.answerDemandSeconds)
        for (list, priority) in [(now, Demand.Priority.foreground), (ahead, .readAhead)]
        where !list.isEmpty {
            feed.fetch(Demand(.list(list), priority: priority, timeout: timeout)) { _ in }
        }
    }
}
