/// NAT Port Mapping Protocol (RFC 6886, docs/spec/nat.md 5): what PCP replaced, and many routers
/// still speak.
///
/// ```
/// request   00 op                                                     op 0: our outside address
///           00 op 0000 internal(2) external(2) lifetime(4)            op 1: UDP, op 2: TCP
/// answer    00 op+128 result(2) epoch(4)  | address(4)                or
///                                         | internal(2) external(2) lifetime(4)
/// ```
enum NATPMPMessage: Hashable, Sendable {
    /// Asks for the address that the world sees.
    case address
    /// Asks for a mapping; lifetime 0 removes it.
    case map(isTCP: Bool, internalPort: UInt16, externalPort: UInt16, lifetime: UInt32)

    /// What a router said.
    struct Answer: Hashable, Sendable {
        enum Body: Hashable, Sendable {
            case address(IPAddress)
            case map(isTCP: Bool, internalPort: UInt16, externalPort: UInt16, lifetime: UInt32)
            /// A refusal, or what we never asked for.
            case none(operation: UInt8)
        }

        /// 0: done; 1: another version; 2: refused; 3: no network; 4: no room; 5: what is this?
        let result: UInt16
        /// Seconds since the router lost its memory.
        let epoch: UInt32
        let body: Body
    }

    var encoded: [UInt8] {
        var writer = DNSWriter()
        switch self {
        case .address: writer.write(UInt16(0))
        case .map(let isTCP, let internalPort, let externalPort, let lifetime):
            writer.write(UInt16(isTCP ? 2 : 1))
            for number in [0, internalPort, externalPort] { writer.write(number) }
            writer.write(lifetime)
        }
        return writer.bytes
    }

    /// `nil` when it is none, or of another version.
    static func answer(_ bytes: UnsafeRawBufferPointer) -> Answer? {
        var reader = DNSReader(bytes)
        guard let head = try? reader.number16(), let result = try? reader.number16(),
            let epoch = try? reader.number32(), head >> 8 == 0, head & 0x80 != 0
        else { return nil }
        let operation = UInt8(head & 0x7f)
        var body = Answer.Body.none(operation: operation)
        if operation == 0, result == 0 {
            guard let address = try? reader.number32() else { return nil }
            body = .address(.v4(address))
        } else if operation == 1 || operation == 2, result == 0 {
            guard let internalPort = try? reader.number16(),
                let externalPort = try? reader.number16(), let lifetime = try? reader.number32()
            else { return nil }
            body = .map(
                isTCP: operation == 2, internalPort: internalPort, externalPort: externalPort,
                lifetime: lifetime)
        }
        return Answer(result: result, epoch: epoch, body: body)
    }
}
