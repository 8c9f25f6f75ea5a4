/// Cuts the fuzzer's bytes into decisions and pieces; past the end everything is zero or empty.
struct FuzzInput {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isEmpty: Bool { index == bytes.count }

    mutating func byte() -> UInt8 {
        guard index < bytes.count else { return 0 }
        defer { index += 1 }
        return bytes[index]
    }

    /// Eight bytes, little endian.
    mutating func number() -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(byte()) << UInt64(8 * $1) }
    }

    /// A piece behind its length of two bytes, little endian; `piece` builds it.
    mutating func piece() -> [UInt8] {
        let size = Int(byte()) | Int(byte()) << 8
        let end = min(bytes.count, index + size)
        defer { index = end }
        return Array(bytes[index..<end])
    }

    mutating func rest() -> [UInt8] {
        defer { index = bytes.count }
        return Array(bytes[index...])
    }

    static func piece(_ bytes: [UInt8]) -> [UInt8] {
        let size = min(bytes.count, 0xffff)
        return [UInt8(size & 0xff), UInt8(size >> 8)] + bytes.prefix(size)
    }
}
