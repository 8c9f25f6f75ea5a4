/// What a `peers` command asks or says (docs/spec/dht.md section 10.1).
///
/// ```
/// port          1  varint  where the sender listens; 0 or absent: the datagram's source port
/// localAddress  2  bytes   6: the sender in its own network
/// unannounce    3  varint  1
/// ```
struct DHTPeersInput: Equatable {
    var port: UInt32?
    var localAddress: DHTAddress?
    var unannounce: Bool?

    init(port: UInt32? = nil, localAddress: DHTAddress? = nil, unannounce: Bool? = nil) {
        self.port = port
        self.localAddress = localAddress
        self.unannounce = unannounce
    }

    init(decoding payload: [UInt8]) throws {
        var input = DHTPeersInput()
        try DHTFieldReader.read(payload) { number, value in
            switch number {
            case 1:
                guard let port = UInt32(exactly: try value.number()) else {
                    throw DHTFieldReader.Malformed()
                }
                input.port = port
            case 2: input.localAddress = DHTAddress(exactly: try value.array())
            case 3: input.unannounce = try value.number() != 0
            default: break
            }
        }
        self = input
    }

    var encoded: [UInt8] {
        var writer = DHTFieldWriter(capacity: 16)
        if let port { writer.append(1, varint: UInt64(port)) }
        if let localAddress { writer.append(2, address: localAddress) }
        if let unannounce { writer.append(3, varint: unannounce ? 1 : 0) }
        return writer.bytes
    }
}
