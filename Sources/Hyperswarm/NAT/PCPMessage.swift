/// Port Control Protocol, as far as mapping a port goes (RFC 6887, docs/spec/nat.md 5).
///
/// ```
/// request   02 op 0000    lifetime(4) client address(16)          | MAP body
/// answer    02 op+128 00 result(1) lifetime(4) epoch(4) zero(12)  | MAP body
/// MAP body  nonce(12) protocol(1) zero(3) internal(2) external(2) external address(16)
/// ```
struct PCPMessage: Hashable, Sendable {
    static let version: UInt8 = 2

    /// The body of operation 1.
    struct Map: Hashable, Sendable {
        /// 12 bytes: who made a mapping renews and removes it with the same.
        var nonce: [UInt8]
        var isTCP: Bool
        var internalPort: UInt16
        /// Wanted or given; 0: any.
        var externalPort: UInt16
        var externalAddress = IPAddress.v4(0)
    }

    /// What it is about; operation 0 only says that somebody is there.
    enum Body: Hashable, Sendable {
        case announce
        case map(Map)
    }

    /// What a router said.
    struct Answer: Hashable, Sendable {
        /// 0: done; 1: another version; 2: not authorized; 12: our address is not what it says.
        let result: UInt8
        let lifetime: UInt32
        /// Seconds since the router lost its memory.
        let epoch: UInt32
        let body: Body
    }

    var body: Body
    /// Seconds; 0 removes.
    var lifetime: UInt32
    var client: IPAddress

    var encoded: [UInt8] {
        var writer = DNSWriter()
        let operation: UInt16 = if case .map = body { 1 } else { 0 }
        writer.write(UInt16(Self.version) << 8 | operation)
        writer.write(UInt16(0))
        writer.write(lifetime)
        var bytes = writer.bytes + Self.wide(client)
        guard case .map(let map) = body else { return bytes }
        bytes += map.nonce + [map.isTCP ? 6 : 17, 0, 0, 0]
        bytes += [map.internalPort, map.externalPort].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        return bytes + Self.wide(map.externalAddress)
    }

    /// 16 bytes, IPv4 in IPv6 clothes.
    private static func wide(_ address: IPAddress) -> [UInt8] {
        guard case .v4 = address else { return address.bytes }
        return [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address.bytes
    }

    /// `nil` when it is none, of another version, or about something else.
    static func answer(_ bytes: UnsafeRawBufferPointer) -> Answer? {
        var reader = DNSReader(bytes)
        guard let head = try? reader.number32(), let lifetime = try? reader.number32(),
            let epoch = try? reader.number32(), (try? reader.take(12)) != nil,
            head >> 24 == version, head >> 23 & 1 == 1
        else { return nil }
        let result = UInt8(head & 0xff)
        let body: Body
        switch head >> 16 & 0x7f {
        case 0: body = .announce
        case 1:
            guard let map = try? map(&reader) else { return nil }
            body = .map(map)
        default: return nil
        }
        return Answer(result: result, lifetime: lifetime, epoch: epoch, body: body)
    }

    private static func map(_ reader: inout DNSReader) throws -> Map? {
        let nonce = Array(try reader.take(12))
        let number = try reader.number32() >> 24
        guard number == 6 || number == 17 else { return nil }
        let ports = (try reader.number16(), try reader.number16())
        guard let address = IPAddress(bytes: try reader.take(16)) else { return nil }
        return Map(
            nonce: nonce, isTCP: number == 6, internalPort: ports.0, externalPort: ports.1,
            externalAddress: address)
    }
}
