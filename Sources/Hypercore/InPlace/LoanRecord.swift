import HyperCrypto

/// A line of the loans file, which is only appended to:
///
///     2 bytes    bytes of what follows behind the check, little-endian
///     8 bytes    check: the first bytes of its BLAKE2b
///     1 byte     what it says
///                  1  folder:  path of the folder that lends, UTF-8
///                  2  loan:    feed byte, count, file byte (8 each), path in the folder, UTF-8
///                  3  removal: feed byte, count (8 each)
///
/// A record whose check fails ends the file: it is one that a crash has torn.
enum LoanRecord: Equatable {
    case folder(String)
    case loan(Loan)
    case removal(Range<UInt64>)

    private static let headBytes = 10

    /// Adds the record's bytes.
    func encode(into bytes: inout [UInt8]) {
        var body: [UInt8] = []
        switch self {
        case .folder(let path): body = [1] + path.utf8
        case .loan(let loan):
            body.append(2)
            Self.put(loan.bytes.lowerBound, into: &body)
            Self.put(loan.bytes.upperBound - loan.bytes.lowerBound, into: &body)
            Self.put(loan.offset, into: &body)
            body += loan.path.utf8
        case .removal(let range):
            body.append(3)
            Self.put(range.lowerBound, into: &body)
            Self.put(range.upperBound - range.lowerBound, into: &body)
        }
        bytes.append(UInt8(truncatingIfNeeded: body.count))
        bytes.append(UInt8(truncatingIfNeeded: body.count >> 8))
        bytes += Blake2b.hash32(body).bytes.prefix(8)
        bytes += body
    }

    /// The record at the start and how many bytes it takes; nil = none that is whole.
    static func decode(_ bytes: ArraySlice<UInt8>) -> (record: LoanRecord, size: Int)? {
        guard bytes.count > headBytes else { return nil }
        let start = bytes.startIndex
        let count = Int(bytes[start]) | Int(bytes[start + 1]) << 8
        guard count > 0, bytes.count >= headBytes + count else { return nil }
        let body = Array(bytes[(start + headBytes)..<(start + headBytes + count)])
        let check = bytes[(start + 2)..<(start + headBytes)]
        guard Blake2b.hash32(body).bytes.prefix(8).elementsEqual(check),
            let record = record(body)
        else { return nil }
        return (record, headBytes + count)
    }

    private static func record(_ body: [UInt8]) -> LoanRecord? {
        switch body[0] {
        case 1: return String(validating: body[1...], as: UTF8.self).map { .folder($0) }
        case 2:
            guard let range = range(body), body.count > 25,
                let path = String(validating: body[25...], as: UTF8.self)
            else { return nil }
            return .loan(Loan(bytes: range, path: path, offset: number(body, at: 17)))
        case 3: return body.count == 17 ? range(body).map { .removal($0) } : nil
        default: return nil
        }
    }

    private static func range(_ body: [UInt8]) -> Range<UInt64>? {
        guard body.count >= 17 else { return nil }
        let (end, isBeyond) = number(body, at: 1).addingReportingOverflow(number(body, at: 9))
        return isBeyond ? nil : number(body, at: 1)..<end
    }

    private static func number(_ body: [UInt8], at index: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(body[index + $1]) << (8 * UInt64($1)) }
    }

    private static func put(_ number: UInt64, into body: inout [UInt8]) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            body.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
