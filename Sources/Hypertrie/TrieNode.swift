/// One entry of a trie: a key with its value, and the block that holds it.
public struct TrieNode: Sendable {
    let record: NodeRecord

    init(_ record: NodeRecord) { self.record = record }

    /// The block that holds the entry.
    public var seq: UInt64 { record.seq }
    /// The key as its writer spelled it, without the one leading slash.
    public var key: String { record.path.key }
    /// `nil`: no value, which is not an empty value.
    public var value: [UInt8]? { record.value }
    /// The application's flags; 1 marks a mount.
    public var userFlags: UInt64 { record.flags >> 8 }
    /// Whether the entry lives in the hidden half of the trie.
    public var isHidden: Bool { record.path.isHidden }
}
