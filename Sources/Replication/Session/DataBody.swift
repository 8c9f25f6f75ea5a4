import HyperCrypto

/// The body of a Data message, by hand: blocks are nearly all the bytes of a connection, and the
/// generated code would copy each twice more (into a `Foundation.Data` and out of it). The tests
/// hold this against the generated code.
///
///     08 index | 12 length value | 1a length node ... | 22 length signature
///     node: 08 index | 12 20 hash | 18 size
enum DataBody {
    /// Reads a body, with every check of docs/spec/hypercore.md section 13 that needs no feed.
    static func decode(_ body: UnsafeRawBufferPointer) throws(SessionError) -> Message {
        var index: UInt64?
        var value: Range<Int>?
        var nodes: [WireNode] = []
        var signature: Range<Int>?
        var fields = FieldReader(body)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .varint(let number, _)): index = number
            case (2, .bytes(let range)): value = range
            case (3, .bytes(let range)):
                guard nodes.count < SessionLimits.dataNodes else {
                    throw .message("a proof has more than \(SessionLimits.dataNodes) nodes")
                }
                nodes.append(try node(body, range))
            case (4, .bytes(let range)): signature = range
            case (1...4, _):
                throw .message("field \(field.number) of a Data message has the wrong type")
            default: continue
            }
        }
        guard let index else { throw .message("a Data message has no index") }
        guard signature == nil || signature?.count == 64 else {
            throw .message("a signature does not have 64 bytes")
        }
        if value == nil {
            guard let leaf = nodes.first, leaf.index == 2 * index else {
                throw .message("an answer of hashes does not start with the leaf asked for")
            }
        }
        return .data(
            index: index, value: value.map { copy(body, $0) }, nodes: nodes,
            signature: signature.map { copy(body, $0) })
    }

    private static func node(
        _ body: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(SessionError) -> WireNode {
        var index: UInt64?
        var hash: Range<Int>?
        var size: UInt64?
        var fields = FieldReader(body, range)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .varint(let number, _)): index = number
            case (2, .bytes(let range)): hash = range
            case (3, .varint(let number, _)): size = number
            case (1...3, _): throw .message("field \(field.number) of a node has the wrong type")
            default: continue
            }
        }
        guard let index, let size, let hash,
            let bytes = Bytes32(UnsafeRawBufferPointer(rebasing: body[hash]))
        else { throw .message("a node lacks a part or its hash does not have 32 bytes") }
        return WireNode(index: index, hash: bytes, size: size)
    }

    private static func copy(_ body: UnsafeRawBufferPointer, _ range: Range<Int>) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(rebasing: body[range]))
    }

    /// Bytes that `append` will write.
    static func size(
        index: UInt64, value: [UInt8]?, nodes: [WireNode], signature: [UInt8]?
    ) -> Int {
        var size = 1 + Varint.size(index)
        if let value { size += field(value.count) }
        for node in nodes { size += field(nodeSize(node)) }
        if let signature { size += field(signature.count) }
        return size
    }

    /// Writes the body behind what is there.
    static func append(
        index: UInt64, value: [UInt8]?, nodes: [WireNode], signature: [UInt8]?,
        to bytes: inout [UInt8]
    ) {
        bytes.append(0x08)
        Varint.append(index, to: &bytes)
        if let value {
            bytes.append(0x12)
            Varint.append(UInt64(value.count), to: &bytes)
            bytes.append(contentsOf: value)
        }
        for node in nodes {
            bytes.append(0x1a)
            Varint.append(UInt64(nodeSize(node)), to: &bytes)
            bytes.append(0x08)
            Varint.append(node.index, to: &bytes)
            bytes.append(0x12)
            bytes.append(32)
            node.hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
            bytes.append(0x18)
            Varint.append(node.size, to: &bytes)
        }
        if let signature {
            bytes.append(0x22)
            Varint.append(UInt64(signature.count), to: &bytes)
            bytes.append(contentsOf: signature)
        }
    }

    /// Tag, length and contents.
    private static func field(_ count: Int) -> Int { 1 + Varint.size(UInt64(count)) + count }

    private static func nodeSize(_ node: WireNode) -> Int {
        36 + Varint.size(node.index) + Varint.size(node.size)
    }
}
