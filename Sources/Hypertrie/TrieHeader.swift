import Foundation
import WireMessages

/// The first block of a trie's feed (docs/spec/hypertrie.md section 1).
public struct TrieHeader: Sendable, Equatable {
    /// Always `hypertrie`.
    public var type: String
    /// The application's; for Hyperdrive the content feed's public key.
    public var metadata: [UInt8]?
    /// What is built on the trie: `hyperdrive`, `mountable-hypertrie`; older feeds have none.
    public var subtype: String?

    /// The only type there is.
    public static let type = "hypertrie"

    /// A header of the right type.
    public init(metadata: [UInt8]? = nil, subtype: String? = nil) {
        type = Self.type
        self.metadata = metadata
        self.subtype = subtype
    }

    /// Decodes block 0; throws `notTrie` for anything else.
    public init(decoding block: [UInt8]) throws(TrieError) {
        guard let message = try? Trie_Header(serializedBytes: block), message.type == Self.type
        else {
            throw TrieError(
                .notTrie, "this feed is not a trie: its first block is no \(Self.type) header")
        }
        type = message.type
        metadata = message.hasMetadata ? [UInt8](message.metadata) : nil
        subtype = message.hasSubtype ? message.subtype : nil
    }

    /// The bytes of block 0.
    public func encoded() throws -> [UInt8] {
        var message = Trie_Header()
        message.type = type
        if let metadata { message.metadata = Data(metadata) }
        if let subtype { message.subtype = subtype }
        return try message.serializedBytes()
    }
}
