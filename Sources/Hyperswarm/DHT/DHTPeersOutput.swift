/// The answer to a `peers` command (docs/spec/dht.md section 10.1). An empty list is left out.
///
/// ```
/// peers       1  bytes  n x 6
/// localPeers  2  bytes  n x 4: the lower half of the address, the port
/// ```
struct DHTPeersOutput: Equatable {
    var peers: [DHTAddress] = []
    /// Only the lower half of `ip` means anything.
    var localPeers: [DHTAddress] = []

    init(peers: [DHTAddress] = [], localPeers: [DHTAddress] = []) {
        self.peers = peers
        self.localPeers = localPeers
    }

    /// A list of an odd length, or with an address that cannot be, counts as absent.
    init(decoding payload: [UInt8]) throws {
        var output = DHTPeersOutput()
        try DHTFieldReader.read(payload) { number, value in
            switch number {
            case 1: output.peers = Self.peers(try value.raw())
            case 2: output.localPeers = Self.localPeers(try value.raw())
            default: break
            }
        }
        self = output
    }

    private static func peers(_ bytes: UnsafeRawBufferPointer) -> [DHTAddress] {
        guard bytes.count % DHTAddress.size == 0 else { return [] }
        let peers = stride(from: 0, to: bytes.count, by: DHTAddress.size)
            .compactMap { DHTAddress(bytes, at: $0) }
        return peers.allSatisfy { $0.port != 0 && $0.ip != 0 } ? peers : []
    }

    private static func localPeers(_ bytes: UnsafeRawBufferPointer) -> [DHTAddress] {
        guard bytes.count % 4 == 0 else { return [] }
        let peers = stride(from: 0, to: bytes.count, by: 4).map { start in
            DHTAddress(
                ip: UInt32(bytes[start]) << 8 | UInt32(bytes[start + 1]),
                port: UInt16(bytes[start + 2]) << 8 | UInt16(bytes[start + 3]))
        }
        return peers.allSatisfy { $0.port != 0 } ? peers : []
    }

    var encoded: [UInt8] {
        var writer = DHTFieldWriter(capacity: 8 + 6 * peers.count + 4 * localPeers.count)
        if !peers.isEmpty { writer.append(1, bytes: peers.flatMap(\.bytes)) }
        if !localPeers.isEmpty {
            writer.append(2, bytes: localPeers.flatMap { $0.bytes.dropFirst(2) })
        }
        return writer.bytes
    }
}
