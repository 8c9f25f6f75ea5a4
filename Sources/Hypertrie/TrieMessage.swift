import Foundation
import WireMessages

/// A message of the wire extension `hypertrie` (docs/spec/hypertrie.md section 11).
enum TrieMessage: Equatable {
    /// Which blocks a lookup visits. The head is a seq, not a version.
    case get(head: UInt64, key: String)
    case iterator(Iterator)
    /// Blocks that the peer will need.
    case cache(blocks: [UInt64])

    /// Which blocks an iteration visits, from its beginning or from a checkpoint on.
    struct Iterator: Equatable {
        var head: UInt64
        var prefix: String
        /// `nil`: the peer did not say; everything, forward, visible.
        var flags: UInt64?
        var checkpoint: [UInt8]?
    }

    /// Name under which feeds carry the extension.
    static let name = "hypertrie"

    /// `nil` for what is not understood or too large.
    init?(decoding payload: [UInt8]) {
        guard payload.count <= OwnLimits.messageBytesMax,
            let message = try? Trie_Extension(serializedBytes: payload)
        else { return nil }
        if message.hasCache {
            self = .cache(blocks: message.cache.blocks)
        } else if message.hasIterator {
            let iterator = message.iterator
            self = .iterator(
                Iterator(
                    head: iterator.head, prefix: iterator.key,
                    flags: iterator.hasFlags ? iterator.flags : nil,
                    checkpoint: iterator.hasCheckpoint ? [UInt8](iterator.checkpoint) : nil))
        } else if message.hasGet {
            self = .get(head: message.get.head, key: message.get.key)
        } else {
            return nil
        }
    }

    /// The bytes as every implementation writes them: fields that are set also when empty.
    func encoded() throws -> [UInt8] {
        var message = Trie_Extension()
        switch self {
        case .get(let head, let key):
            message.get.head = head
            message.get.key = key
        case .iterator(let iterator):
            message.iterator.head = iterator.head
            message.iterator.key = iterator.prefix
            if let flags = iterator.flags { message.iterator.flags = flags }
            if let bytes = iterator.checkpoint { message.iterator.checkpoint = Data(bytes) }
        case .cache(let blocks):
            message.cache.start = blocks.min() ?? 0
            message.cache.end = (blocks.max() ?? 0) + 1
            message.cache.blocks = blocks
        }
        return try message.serializedBytes()
    }
}
