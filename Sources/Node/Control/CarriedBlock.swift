import HyperCrypto
import Hypercore

/// A block on its way from the node to a reader, past a disk that has no room for it: a line of an
/// answer (docs/control-api.md). The reader verifies it, and keeps it in memory.
struct CarriedBlock: Equatable {
    let feed: PublicKey
    let block: UInt64
    /// nil: only the tree nodes are wanted.
    let value: [UInt8]?
    let proof: Proof

    /// What is here of a block, with all that somebody needs who knows nothing of its feed.
    /// nil: it is not here.
    init?(_ block: UInt64, of feed: Feed, hasValue: Bool) throws {
        let value = hasValue ? try feed.block(block) : nil
        guard value != nil || !hasValue,
            let proof = try feed.proof(
                for: block, digest: 0, includeLeaf: value == nil, remote: RemoteNodes())
        else { return nil }
        self.feed = feed.key
        self.block = block
        self.value = value
        self.proof = proof
    }

    /// nil for a line that is something else.
    init?(_ json: JSONValue) {
        guard json["event"]?.string == "block",
            let feed = json["feed"]?.string.flatMap(PublicKey.init(hex:)),
            let block = json["block"]?.number, let lines = json["nodes"]?.array
        else { return nil }
        let nodes = lines.compactMap(Self.node)
        guard nodes.count == lines.count else { return nil }
        self.feed = feed
        self.block = block
        value = json["value"]?.string.flatMap { [UInt8](hex: $0) }
        proof = Proof(
            nodes: nodes, signature: json["signature"]?.string.flatMap { [UInt8](hex: $0) })
    }

    /// The line.
    var json: JSONValue {
        var json: JSONValue = [
            "event": "block", "feed": .string(feed.hex), "block": .number(block),
            "nodes": .array(
                proof.nodes.map { node in
                    .array([.number(node.index), .number(node.size), .string(node.hash.hex)])
                }),
        ]
        if let value { json = json.adding(["value": .string(value.hex)]) }
        if let signature = proof.signature {
            json = json.adding(["signature": .string(signature.hex)])
        }
        return json
    }

    private static func node(_ json: JSONValue) -> TreeNode? {
        guard let parts = json.array, parts.count == 3, let index = parts[0].number,
            let size = parts[1].number, let bytes = parts[2].string.flatMap([UInt8].init(hex:)),
            let hash = Bytes32(bytes)
        else { return nil }
        return TreeNode(index: index, hash: hash, size: size)
    }

    /// Hands it to the feed that it is of. Throws what `Feed.put` throws.
    func enter(_ feed: Feed) throws {
        if let value {
            try feed.borrow(block, value: value, proof: proof)
        } else {
            try feed.put(block, value: nil, proof: proof)
        }
    }
}

extension Demand.Target {
    /// The blocks of a feed that show that it is met, and whether their bytes are part of it.
    func blocks(of feed: Feed) throws -> (blocks: [UInt64], haveValues: Bool) {
        switch self {
        case .blocks(let range): return (Array(range.prefix(Limits.carriedBlocksMax)), true)
        case .list(let blocks): return (Array(blocks.prefix(Limits.carriedBlocksMax)), true)
        case .length: return (feed.length > 0 ? [feed.length - 1] : [], false)
        case .byte(let byte, let range):
            guard case .found(let block, _) = try feed.seek(byte: byte, within: range) else {
                return ([], false)
            }
            return ([block], false)
        }
    }
}

extension Limits {
    /// Blocks that one answer carries: more than fit into memory at once are asked for again.
    static let carriedBlocksMax = 4096
    /// And their bytes: half of what a feed keeps in memory.
    static let lentBytesMax = 8 << 20
}
