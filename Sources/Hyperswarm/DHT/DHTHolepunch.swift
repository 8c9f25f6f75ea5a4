/// What a `_holepunch` command says (docs/spec/dht.md section 5.3): to a helper, whom to reach; to
/// whom it concerns, who wants to be answered. Neither: answer the sender.
///
/// ```
/// from  2  bytes  6
/// to    3  bytes  6
/// ```
struct DHTHolepunch: Equatable {
    var from: DHTAddress?
    var to: DHTAddress?

    init(from: DHTAddress? = nil, to: DHTAddress? = nil) {
        self.from = from
        self.to = to
    }

    init(decoding payload: [UInt8]) throws {
        var holepunch = DHTHolepunch()
        try DHTFieldReader.read(payload) { number, value in
            switch number {
            case 2: holepunch.from = try Self.address(value)
            case 3: holepunch.to = try Self.address(value)
            default: break
            }
        }
        self = holepunch
    }

    private static func address(_ value: DHTFieldReader.Value) throws -> DHTAddress {
        guard let address = DHTAddress(exactly: try value.array()) else {
            throw DHTFieldReader.Malformed()
        }
        return address
    }

    var encoded: [UInt8] {
        var writer = DHTFieldWriter(capacity: 16)
        if let from { writer.append(2, address: from) }
        if let to { writer.append(3, address: to) }
        return writer.bytes
    }
}
