import Hypercore
import Synchronization

/// What all tries over one feed share: decoded nodes, the writers' lock, and the wire extension.
/// Lives as long as the feed, as its companion.
final class TrieCore: NodeSource, Sendable {
    unowned let feed: Feed
    let wire: TrieExtension
    private let cache = Mutex(NodeCache())
    /// Held from the first look at the head until the append: one writer at a time.
    private let writer = Mutex(())

    init(feed: Feed, wire: TrieExtension = TrieExtension()) {
        self.feed = feed
        self.wire = wire
    }

    /// The core of a feed, which from now on answers its peers' requests.
    static func of(_ feed: Feed) -> TrieCore {
        let core = feed.companion { TrieCore(feed: feed) }
        feed.handleExtension(TrieMessage.name) { [weak core, weak feed] peer, payload in
            guard let core, let feed else { return }
            core.wire.receive(payload, from: peer, feed: feed, core: core)
        }
        return core
    }

    /// The newest node's seq; `nil` while there is only a header, or nothing.
    var headSeq: UInt64? {
        let length = feed.length
        return length < 2 ? nil : length - 1
    }

    func record(_ seq: UInt64) throws -> NodeRecord? {
        if let record = cache.withLock({ $0.record(seq) }) { return record }
        guard let block = try feed.block(seq) else { return nil }
        let record = try NodeRecord(decoding: block, seq: seq)
        cache.withLock { $0.insert(record) }
        return record
    }

    func isHere(_ seq: UInt64) -> Bool { feed.has(seq) }

    /// Nodes that were just appended: the next writer starts from them.
    func remember(_ records: ArraySlice<NodeRecord>) {
        cache.withLock { cache in
            for record in records { cache.insert(record) }
        }
    }

    /// What to throw for blocks that are not here.
    func missing(_ seqs: [UInt64], hint: [UInt8]? = nil) -> MissingBlocks {
        MissingBlocks(
            feed: feed, target: .list(seqs),
            hint: hint.map { (extension: TrieMessage.name, payload: $0) })
    }

    func writeHeader(_ header: TrieHeader) throws {
        try writer.withLock { _ in
            guard feed.length == 0 else {
                throw TrieError(.readOnly, "the feed is not empty; open it instead of creating it")
            }
            try feed.append([header.encoded()])
        }
    }

    /// Runs a batch under the writers' lock; what it needs and is not here is thrown.
    func write<T>(_ body: (inout TrieWriter) throws -> T) throws -> T {
        do {
            return try writer.withLock { _ in
                guard feed.length > 0 else {
                    throw TrieError(.notTrie, "the feed has no header; create the trie first")
                }
                var batch = try TrieWriter(self)
                let result = try body(&batch)
                try batch.commit()
                return result
            }
        } catch let absent as AbsentNodes {
            throw missing(absent.seqs)
        }
    }
}
