extension DHTMessage {
    /// Strict: what does not decode is dropped without a word. Unknown fields are skipped, of
    /// repeated ones the last counts.
    init(decoding datagram: UnsafeRawBufferPointer) throws(DHTFieldReader.Malformed) {
        var kind: Kind?
        var rid: UInt16?
        var message = DHTMessage(.query, rid: 0)
        message.version = nil
        var reader = DHTFieldReader(datagram)
        while let (number, value) = try reader.next() {
            switch number {
            case 1:
                guard let raw = UInt8(exactly: try value.number()), let known = Kind(rawValue: raw)
                else { throw DHTFieldReader.Malformed() }
                kind = known
            case 2:
                guard let number = UInt16(exactly: try value.number()) else {
                    throw DHTFieldReader.Malformed()
                }
                rid = number
            case 3: message.id = try Self.key(value)
            case 4: message.target = try Self.key(value)
            case 5: message.closerNodes = try value.array()
            case 6: message.roundtripToken = try value.array()
            case 7: message.command = try Self.text(value)
            case 8: message.error = try Self.text(value)
            case 9: message.value = try value.array()
            case 10:
                let bytes = try value.raw()
                message.to = bytes.count == DHTAddress.size ? DHTAddress(bytes) : nil
            case 11: message.version = try value.number()
            default: break
            }
        }
        guard let kind, let rid else { throw DHTFieldReader.Malformed() }
        message.kind = kind
        message.rid = rid
        self = message
    }

    private static func key(
        _ value: DHTFieldReader.Value
    ) throws(DHTFieldReader.Malformed) -> DHTKey {
        guard let key = DHTKey(try value.raw()) else { throw DHTFieldReader.Malformed() }
        return key
    }

    private static func text(
        _ value: DHTFieldReader.Value
    ) throws(DHTFieldReader.Malformed) -> String {
        guard let text = String(validating: try value.raw(), as: UTF8.self) else {
            throw DHTFieldReader.Malformed()
        }
        return text
    }

    /// The bytes to send.
    var encoded: [UInt8] {
        let size = (closerNodes?.count ?? 0) + (value?.count ?? 0) + (error?.utf8.count ?? 0)
        var writer = DHTFieldWriter(capacity: size + 160)
        if let version { writer.append(11, varint: version) }
        writer.append(1, varint: UInt64(kind.rawValue))
        writer.append(2, varint: UInt64(rid))
        if let to { writer.append(10, address: to) }
        if let id { writer.append(3, key: id) }
        if let target { writer.append(4, key: target) }
        if let closerNodes { writer.append(5, bytes: closerNodes) }
        if let roundtripToken { writer.append(6, bytes: roundtripToken) }
        if let command { writer.append(7, bytes: command.utf8) }
        if let error { writer.append(8, bytes: error.utf8) }
        if let value { writer.append(9, bytes: value) }
        return writer.bytes
    }
}
