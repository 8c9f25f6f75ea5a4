/// The payload of `mutable-store` as it stands on the wire: a record, or in a query the lowest
/// `seq` that is wanted and the salt (docs/spec/dht.md section 10.3).
struct DHTMutableFields: Equatable {
    var value: [UInt8]?
    var signature: [UInt8]?
    var seq: UInt64?
    var salt: [UInt8]?

    init(
        value: [UInt8]? = nil, signature: [UInt8]? = nil, seq: UInt64? = nil, salt: [UInt8]? = nil
    ) {
        self.value = value
        self.signature = signature
        self.seq = seq
        self.salt = salt
    }

    init(decoding payload: [UInt8]) throws {
        var fields = DHTMutableFields()
        try DHTFieldReader.read(payload) { number, value in
            switch number {
            case 1: fields.value = try value.array()
            case 2: fields.signature = try value.array()
            case 3: fields.seq = try value.number()
            case 4: fields.salt = try value.array()
            default: break
            }
        }
        self = fields
    }

    var encoded: [UInt8] {
        var writer = DHTFieldWriter(capacity: (value?.count ?? 0) + 160)
        if let value { writer.append(1, bytes: value) }
        if let signature { writer.append(2, bytes: signature) }
        if let seq { writer.append(3, varint: seq) }
        if let salt { writer.append(4, bytes: salt) }
        return writer.bytes
    }
}
