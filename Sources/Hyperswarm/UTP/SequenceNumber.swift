/// Counts the packets of one direction modulo 2^16 (docs/spec/utp.md 1). Which of two comes first
/// is decided the shorter way around.
struct SequenceNumber: Hashable, Sendable, CustomStringConvertible {
    let value: UInt16

    init(_ value: UInt16) { self.value = value }

    /// The number `count` packets later, or earlier where it is negative.
    static func + (number: SequenceNumber, count: Int) -> SequenceNumber {
        SequenceNumber(number.value &+ UInt16(truncatingIfNeeded: count))
    }

    static func - (number: SequenceNumber, count: Int) -> SequenceNumber { number + -count }

    /// How many packets `later` comes after `earlier`: -32768...32767.
    static func - (later: SequenceNumber, earlier: SequenceNumber) -> Int {
        Int(Int16(bitPattern: later.value &- earlier.value))
    }

    var description: String { "\(value)" }
}
