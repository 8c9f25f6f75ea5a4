/// Reads a DNS packet from the front. Every read checks what is left.
struct DNSReader {
    /// Why a packet is not one.
    enum Malformed: Error {
        case short
        case name
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Back to an earlier place.
    mutating func rewind(to place: Int) { offset = min(place, offset) }

    mutating func number16() throws -> UInt16 {
        guard bytes.count - offset >= 2 else { throw Malformed.short }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    mutating func number32() throws -> UInt32 {
        UInt32(try number16()) << 16 | UInt32(try number16())
    }

    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, bytes.count - offset >= count else { throw Malformed.short }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// A name, compressed or not (RFC 1035 section 4.1.4). A pointer leads to an earlier place,
    /// earlier than any before: so no chain has a loop, and it has at most `jumpsMax` of them.
    mutating func name() throws -> DNSName {
        var labels: [[UInt8]] = []
        var size = 1
        var place = offset
        var end: Int?
        var ceiling = offset
        var jumps = 0
        while true {
            guard place < bytes.count else { throw Malformed.short }
            let head = Int(bytes[place])
            switch head >> 6 {
            case 0 where head == 0:
                offset = end ?? place + 1
                return DNSName(labels: labels)
            case 0:
                size += 1 + head
                guard size <= Limits.LAN.nameBytesMax else { throw Malformed.name }
                guard bytes.count - place > head else { throw Malformed.short }
                labels.append(Array(bytes[place + 1..<place + 1 + head]))
                place += 1 + head
            case 3:
                guard place + 1 < bytes.count else { throw Malformed.short }
                let target = (head & 0x3f) << 8 | Int(bytes[place + 1])
                jumps += 1
                guard target < ceiling, jumps <= Limits.LAN.jumpsMax else { throw Malformed.name }
                end = end ?? place + 2
                ceiling = target
                place = target
            default: throw Malformed.name
            }
        }
    }
}
