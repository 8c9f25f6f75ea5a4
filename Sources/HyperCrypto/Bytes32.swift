/// Thirty-two bytes kept inline: a hash, a key, a seed. No heap, cheap to copy and compare.
public struct Bytes32: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// All zero.
    public init() { words = (0, 0, 0, 0) }

    /// `nil` unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.init()
        withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    }

    /// `nil` unless the text is 64 hexadecimal digits, of either case.
    public init?(hex: some StringProtocol) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes)
    }

    /// Whatever `fill` writes into the 32 bytes it is given, which start as zeros.
    public init(unsafeUninitialized fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        self.init()
        try withUnsafeMutableBytes(fill)
    }

    /// A copy as an array.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }

    /// Whether every byte is zero.
    public var isZero: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    /// Lends the 32 bytes for reading.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Swift.withUnsafeBytes(of: words, body)
    }

    /// Lends the 32 bytes for writing.
    public mutating func withUnsafeMutableBytes<R>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> R
    ) rethrows -> R {
        try Swift.withUnsafeMutableBytes(of: &words, body)
    }

    /// Whether all bytes are the same. Not in constant time: secrets are compared elsewhere.
    public static func == (a: Bytes32, b: Bytes32) -> Bool { a.words == b.words }

    /// Half the bytes are enough: they are hashes and keys, random already.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Bytes32: CustomStringConvertible {
    /// The first eight digits only: enough to recognize, useless as a key.
    public var description: String { String(hex.prefix(8)) }
}
