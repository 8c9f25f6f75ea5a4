/// Writes the fields of a protobuf message in the order of the calls.
struct DHTFieldWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func append(_ number: UInt8, varint value: UInt64) {
        bytes.append(number << 3)
        append(value)
    }

    mutating func append(_ number: UInt8, bytes value: some Collection<UInt8>) {
        bytes.append(number << 3 | 2)
        append(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func append(_ number: UInt8, key: DHTKey) {
        bytes.append(number << 3 | 2)
        bytes.append(32)
        key.append(to: &bytes)
    }

    mutating func append(_ number: UInt8, address: DHTAddress) {
        bytes.append(number << 3 | 2)
        bytes.append(UInt8(DHTAddress.size))
        address.append(to: &bytes)
    }

    private mutating func append(_ varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
