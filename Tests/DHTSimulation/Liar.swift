import TestSupport

/// Twists what a node says: every answer names nodes that do not exist, just beside what was asked
/// for, and no peers.
struct Liar {
    private var random: SeededRandom
    private var target: [UInt8] = []

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Remembers what was asked for last.
    mutating func heard(_ datagram: [UInt8]) {
        let fields = Self.fields(of: datagram)
        if let wanted = fields.first(where: { $0.tag == 0x22 }) { target = wanted.bytes }
    }

    mutating func twist(_ datagram: [UInt8]) -> [UInt8] {
        var fields = Self.fields(of: datagram)
        let isAnswer = fields.contains { $0.tag == 0x08 && $0.bytes == [3] }
        guard isAnswer, target.count == 32,
            let nodes = fields.firstIndex(where: { $0.tag == 0x2a })
        else { return datagram }
        fields[nodes].bytes = (0..<20).flatMap { _ -> [UInt8] in
            var id = target
            for index in 8..<32 { id[index] = UInt8(truncatingIfNeeded: random.next()) }
            let place = (0..<3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return id + [100] + place + [0xc2, 0x49]
        }
        fields.removeAll { $0.tag == 0x4a }
        return fields.flatMap { field -> [UInt8] in
            field.tag & 7 == 0
                ? [field.tag] + field.bytes
                : [field.tag] + Self.length(field.bytes.count) + field.bytes
        }
    }

    /// One byte of tag is enough for all fields of a message.
    private static func fields(of datagram: [UInt8]) -> [(tag: UInt8, bytes: [UInt8])] {
        var fields: [(tag: UInt8, bytes: [UInt8])] = []
        var index = 0
        func number() -> [UInt8] {
            var bytes: [UInt8] = []
            while index < datagram.count {
                bytes.append(datagram[index])
                index += 1
                if datagram[index - 1] < 0x80 { break }
            }
            return bytes
        }
        while index < datagram.count {
            let tag = datagram[index]
            index += 1
            let digits = number()
            if tag & 7 == 0 {
                fields.append((tag, digits))
                continue
            }
            let size = digits.enumerated().reduce(0) { $0 | Int($1.1 & 0x7f) << (7 * $1.0) }
            let end = min(datagram.count, index + size)
            fields.append((tag, Array(datagram[index..<end])))
            index = end
        }
        return fields
    }

    private static func length(_ count: Int) -> [UInt8] {
        count < 0x80 ? [UInt8(count)] : [UInt8(count & 0x7f) | 0x80, UInt8(count >> 7)]
    }
}
