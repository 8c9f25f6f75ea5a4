import Hypercore
import Synchronization

/// What all tries over one feed share: decoded nodes, the writers' lock, and the extension.
final class TrieCore: NodeSource, Sendable {
    let log: any BlockLog
    private let cache = Mutex(NodeCache())
    /// Held from the first look at the head until the append: one writer at a time.
    let writer = Mutex(())

    init(log: any BlockLog) {
        self.log = log
    }

    /// The newest node's seq; `nil` while there is only a header, or nothing.
    var headSeq: UInt64? {
        let length = log.length
        return length < 2 ? nil : length - 1
    }

    func record(_ seq: UInt64) throws -> NodeRecord? {
        if let record = cache.withLock({ $0.record(seq) }) { return record }
        guard let block = try log.block(seq) else { return nil }
        let record = try NodeRecord(decoding: block, seq: seq)
        cache.withLock { $0.insert(record) }
        return record
    }

    func isHere(_ seq: UInt64) -> Bool {
        log.has(seq)
    }

    /// Nodes that were just appended: the next writer starts from them.
    func remember(_ records: ArraySlice<NodeRecord>) {
        cache.withLock { cache in
            for record in records { cache.insert(record) }
        }
    }
}

extension TrieCore {
    func missing(_ seqs: [UInt64], hint: TrieHint? = nil) -> any Error {
        guard let feed = log as? Feed else { return AbsentNodes(seqs: seqs) }
        return MissingBlocks(feed: feed, target: .list(seqs), hint: nil)
    }

    func missingLength() -> any Error {
        guard let feed = log as? Feed else { return AbsentNodes(seqs: []) }
        return MissingBlocks(feed: feed, target: .length(atLeast: 1))
    }

    func writeHeader(_ header: TrieHeader) throws {
        try writer.withLock { _ in
            guard log.length == 0 else {
                throw TrieError(.readOnly, "the feed is not empty; open it instead of creating it")
            }
            try log.append([header.encoded()])
        }
    }

    /// Runs a batch under the writers' lock; what it needs and is not here is thrown.
    func write<T>(_ body: (inout TrieWriter) throws -> T) throws -> T {
        do {
            return try writer.withLock { _ in
                guard log.length > 0 else {
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
