/// A multicast DNS packet, as far as finding peers goes: questions and answers
/// (docs/spec/swarm.md 1.3, 1.4). The other two sections are neither written nor read.
///
/// ```
///  0   2   4      6    8    10   12
/// | id|flg|qcount|acnt|auth|more| questions: name type class
///                               | answers:   name type class ttl(4) length(2) data
/// ```
struct DNSPacket: Hashable, Sendable {
    /// Response and authoritative.
    static let responseFlags: UInt16 = 0x8400

    struct Question: Hashable, Sendable {
        var name: DNSName
        var kind = DNSRecord.Kind.srv
        /// The upper bit asks for a unicast answer, which nobody here gives.
        var group: UInt16 = 1
    }

    var id: UInt16 = 0
    var flags: UInt16 = 0
    var questions: [Question] = []
    var answers: [DNSRecord] = []

    var isResponse: Bool { flags & 0x8000 != 0 }

    /// Without compression, as the family writes.
    var encoded: [UInt8] {
        var writer = DNSWriter()
        for number in [
            id, flags, UInt16(clamping: questions.count), UInt16(clamping: answers.count),
        ] {
            writer.write(number)
        }
        writer.write(UInt32(0))
        for question in questions.prefix(Int(UInt16.max)) {
            writer.write(question.name)
            writer.write(question.kind)
            writer.write(question.group)
        }
        for answer in answers.prefix(Int(UInt16.max)) { writer.write(answer) }
        return writer.bytes
    }

    /// Throws `DNSReader.Malformed`.
    init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = DNSReader(bytes)
        id = try reader.number16()
        flags = try reader.number16()
        let questionCount = Int(try reader.number16())
        let answerCount = Int(try reader.number16())
        _ = try reader.number32()
        for _ in 0..<min(questionCount, Limits.LAN.recordsMax) {
            questions.append(
                Question(
                    name: try reader.name(), kind: try reader.number16(),
                    group: try reader.number16()))
        }
        // With questions left unread there is no telling where answers begin.
        guard questionCount <= Limits.LAN.recordsMax else { return }
        for _ in 0..<min(answerCount, Limits.LAN.recordsMax - questionCount) {
            answers.append(try reader.record())
        }
    }

    init(questions: [Question]) { self.questions = questions }

    init(answers: [DNSRecord]) {
        flags = Self.responseFlags
        self.answers = answers
    }
}

extension DNSReader {
    fileprivate mutating func record() throws -> DNSRecord {
        let name = try name()
        let kind = try number16()
        let group = try number16()
        let timeToLive = try number32()
        let size = Int(try number16())
        let start = offset
        let data = try take(size)
        let content: DNSRecord.Content
        switch kind {
        case DNSRecord.Kind.a where size == 4:
            content = IPAddress(bytes: data).map { .a($0) } ?? .other(kind: kind, Array(data))
        case DNSRecord.Kind.aaaa where size == 16:
            // One that is IPv4 inside would not be written as it was read.
            if let address = IPAddress(bytes: data), case .v6 = address {
                content = .aaaa(address)
            } else {
                content = .other(kind: kind, Array(data))
            }
        case DNSRecord.Kind.txt:
            content = strings(data).map { .txt($0) } ?? .other(kind: kind, Array(data))
        case DNSRecord.Kind.srv where size >= 7:
            var inner = self
            inner.rewind(to: start)
            let numbers = (try inner.number16(), try inner.number16(), try inner.number16())
            content = .srv(
                priority: numbers.0, weight: numbers.1, port: numbers.2, target: try inner.name())
            guard inner.offset == offset else { throw Malformed.name }
        default: content = .other(kind: kind, Array(data))
        }
        return DNSRecord(name: name, group: group, timeToLive: timeToLive, content: content)
    }

    /// Each behind a byte of length; `nil` when the last one is cut off.
    private func strings(_ data: UnsafeRawBufferPointer) -> [[UInt8]]? {
        var strings: [[UInt8]] = []
        var place = 0
        while place < data.count {
            let end = place + 1 + Int(data[place])
            guard end <= data.count else { return nil }
            strings.append(Array(data[place + 1..<end]))
            place = end
        }
        return strings
    }
}
