/// Writes the pieces of a DNS packet.
struct DNSWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ number: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }

    mutating func write(_ number: UInt32) {
        write(UInt16(truncatingIfNeeded: number >> 16))
        write(UInt16(truncatingIfNeeded: number))
    }

    mutating func write(_ name: DNSName) {
        for label in name.labels {
            bytes.append(UInt8(label.count))
            bytes += label
        }
        bytes.append(0)
    }

    mutating func write(_ record: DNSRecord) {
        write(record.name)
        write(record.kind)
        write(record.group)
        write(record.timeToLive)
        var data = DNSWriter()
        switch record.content {
        case .a(let address), .aaaa(let address): data.bytes = address.bytes
        case .txt(let strings):
            for string in strings {
                data.bytes.append(UInt8(clamping: string.count))
                data.bytes += string.prefix(255)
            }
        case .srv(let priority, let weight, let port, let target):
            [priority, weight, port].forEach { data.write($0) }
            data.write(target)
        case .other(_, let bytes): data.bytes = bytes
        }
        write(UInt16(clamping: data.bytes.count))
        bytes += data.bytes.prefix(Int(UInt16.max))
    }
}
