/// One datagram of the DHT (docs/spec/dht.md section 2.1). Absent and empty differ.
///
/// ```
/// field           number  tag   kind    written in this order
/// version             11  0x58  varint  1
/// type                 1  0x08  varint  1 query, 2 update, 3 response
/// rid                  2  0x10  varint  0...65535
/// to                  10  0x52  bytes   6: where the datagram goes, as its sender sees it
/// id                   3  0x1a  bytes   32: absent when the sender is ephemeral
/// target               4  0x22  bytes   32
/// closerNodes          5  0x2a  bytes   n x 38: id, address
/// roundtripToken       6  0x32  bytes   32
/// command              7  0x3a  UTF-8
/// error                8  0x42  UTF-8
/// value                9  0x4a  bytes   what the command says
/// ```
struct DHTMessage: Equatable, DHTNumbered {
    enum Kind: UInt8 {
        case query = 1
        case update = 2
        case response = 3
    }

    /// Below 1 the sender's id does not count.
    var version: UInt64? = 1
    var kind: Kind
    var rid: UInt16
    var to: DHTAddress?
    var id: DHTKey?
    var target: DHTKey?
    var closerNodes: [UInt8]?
    var roundtripToken: [UInt8]?
    var command: String?
    var error: String?
    var value: [UInt8]?

    init(_ kind: Kind, rid: UInt16) {
        self.kind = kind
        self.rid = rid
    }

    /// The sender's id, if it means to be known by it.
    var nodeID: DHTKey? { (version ?? 0) >= 1 ? id : nil }

    /// Bytes of an entry of `closerNodes`.
    static let nodeSize = 38

    /// The entries of `closerNodes`, at most a bucketful; none if any port is 0.
    var nodes: [(id: DHTKey, address: DHTAddress)] {
        guard let closerNodes, closerNodes.count >= Self.nodeSize else { return [] }
        return closerNodes.withUnsafeBytes { bytes in
            var nodes: [(id: DHTKey, address: DHTAddress)] = []
            for start in stride(from: 0, to: bytes.count / Self.nodeSize * Self.nodeSize, by: 38) {
                let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + 32])
                guard let id = DHTKey(part), let address = DHTAddress(bytes, at: start + 32),
                    address.port != 0
                else { return [] }
                if nodes.count < Limits.DHT.bucketSize { nodes.append((id, address)) }
            }
            return nodes
        }
    }
}
