/// An IPv4 address and a port as the messages and tables of the DHT hold them: 4 bytes and 2 bytes
/// in network order (docs/spec/dht.md section 2.1). Small, because tables hold many.
struct DHTAddress: Hashable, Sendable {
    /// In host order.
    var ip: UInt32
    var port: UInt16

    /// Bytes on the wire.
    static let size = 6

    init(ip: UInt32, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// `nil` for IPv6: this generation of the DHT has no place for it.
    init?(_ endpoint: Endpoint) {
        guard case .v4(let ip) = endpoint.ip else { return nil }
        self.init(ip: ip, port: endpoint.port)
    }

    /// From the first six bytes at an offset; `nil` where there are fewer.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        guard offset >= 0, bytes.count - offset >= Self.size else { return nil }
        ip = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        port = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self))
    }

    /// `nil` unless there are exactly six bytes.
    init?(exactly bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        guard let address = bytes.withUnsafeBytes({ DHTAddress($0) }) else { return nil }
        self = address
    }

    var endpoint: Endpoint { Endpoint(ip: .v4(ip), port: port) }

    /// The same host, in the six bytes of the wire.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: ip.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: port.bigEndian) { bytes.append(contentsOf: $0) }
    }

    var isLoopback: Bool { ip >> 24 == 127 }
    var isLocal: Bool { IPAddress.v4(ip).isLocal }
    /// The /24 and the /16 network.
    var network24: UInt32 { ip >> 8 }
    var network16: UInt32 { ip >> 16 }

    /// What stands for one user in a limit: the host; on our own networks, where one machine may
    /// run many nodes for itself, the host and the port.
    var source: UInt64 {
        isLocal ? UInt64(ip) << 16 | UInt64(port) : UInt64(ip) << 16
    }

    /// Whether a datagram may go there at all: a port, one host, not ourselves by another name.
    var isUnicast: Bool { port != 0 && ip >> 24 != 0 && ip >> 24 < 224 }

    /// Whether to believe `teller` that somebody is there. Addresses of private networks mean
    /// something only to those inside; else anybody could make us knock on our neighbors' doors.
    func isCredible(toldBy teller: DHTAddress) -> Bool {
        guard isUnicast else { return false }
        guard isLocal else { return true }
        return isLoopback ? teller.isLoopback : teller.isLocal
    }
}
