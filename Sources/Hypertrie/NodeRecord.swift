import Foundation
import WireMessages

/// A decoded node block (docs/spec/hypertrie.md section 2), shared by every reader of the feed.
final class NodeRecord: Sendable {
    let seq: UInt64
    let path: TriePath
    /// `nil`: the node has no value, which is not an empty value.
    let value: [UInt8]?
    /// As stored: bit 0 hidden, user flags from bit 8 up.
    let flags: UInt64
    let table: TrieTable

    init(seq: UInt64, path: TriePath, value: [UInt8]?, flags: UInt64, table: TrieTable) {
        self.seq = seq
        self.path = path
        self.value = value
        self.flags = flags
        self.table = table
    }

    /// The mark of an emptied trie: readers take it for "no node", even when it has a value.
    var isReset: Bool { path.key.isEmpty }

    /// Roughly what the record holds in memory.
    var byteCost: Int {
        // The object, five arrays' headers, and what they hold.
        320 + path.key.utf8.count + 16 * path.components.count + (value?.count ?? 0)
            + 8 * table.buckets.count + 8 * table.pointers.count
    }

    /// Decodes and checks a block.
    convenience init(decoding block: [UInt8], seq: UInt64) throws(TrieError) {
        guard block.count <= SpecLimits.blockBytesMax else {
            throw .corrupt(seq, "it has \(block.count) bytes")
        }
        guard let message = try? Trie_Node(serializedBytes: block) else {
            throw .corrupt(seq, "it is not a node")
        }
        let flags = message.flags
        guard flags <= SpecLimits.numberMax else { throw .corrupt(seq, "its flags are too large") }
        let path: TriePath
        do {
            path = try TriePath(normalized: message.key, hidden: flags & 1 == 1)
        } catch {
            throw .corrupt(seq, error.message)
        }
        let table = try TrieTable(
            decoding: [UInt8](message.trieBuffer), seq: seq, pathLength: path.length)
        self.init(
            seq: seq, path: path,
            value: message.hasValueBuffer ? [UInt8](message.valueBuffer) : nil,
            flags: flags, table: table)
    }

    /// The block's bytes as every implementation writes them.
    func encoded() throws -> [UInt8] {
        let table = table.encoded()
        guard table.count <= SpecLimits.tableBytesMax else {
            throw TrieError(.tooLarge, "the pointers of \(path.key) do not fit into a block")
        }
        var message = Trie_Node()
        message.key = path.key
        if let value { message.valueBuffer = Data(value) }
        message.trieBuffer = Data(table)
        message.seq = seq
        message.flags = flags
        let block: [UInt8] = try message.serializedBytes()
        guard block.count <= SpecLimits.blockBytesMax else {
            throw TrieError(
                .tooLarge,
                "the value of \(path.key) makes a block of \(block.count) bytes; keep it below "
                    + "\(SpecLimits.blockBytesMax)")
        }
        return block
    }
}
