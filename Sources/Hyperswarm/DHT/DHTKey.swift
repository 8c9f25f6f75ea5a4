import HyperCrypto

/// What the DHT is about: the id of a node, a topic, the name of a value. 256 bits, compared as a
/// big-endian number; the distance of two is their exclusive or (docs/spec/dht.md section 6).
public struct DHTKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Most significant first.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    private init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) { words = (a, b, c, d) }

    /// The key of these 32 bytes.
    public init(_ raw: Bytes32) {
        self = raw.withUnsafeBytes { DHTKey(unchecked: $0) }
    }

    /// `nil` unless there are exactly 32 bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        self.init(unchecked: bytes)
    }

    private init(unchecked bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        words = (word(0), word(1), word(2), word(3))
    }

    /// Any key, each as likely as any other.
    public init(random: inout some RandomNumberGenerator) {
        words = (random.next(), random.next(), random.next(), random.next())
    }

    /// The 32 bytes.
    public var raw: Bytes32 {
        Bytes32(unsafeUninitialized: { buffer in
            for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
                buffer.storeBytes(of: word.bigEndian, toByteOffset: 8 * index, as: UInt64.self)
            }
        })
    }

    /// The first digits, for logs.
    public var description: String { raw.description }

    /// How far apart two keys are.
    func distance(to other: DHTKey) -> DHTKey {
        DHTKey(
            words.0 ^ other.words.0, words.1 ^ other.words.1, words.2 ^ other.words.2,
            words.3 ^ other.words.3)
    }

    /// How many leading bits two keys share: 0...256.
    func commonPrefix(with other: DHTKey) -> Int {
        let apart = distance(to: other).words
        if apart.0 != 0 { return apart.0.leadingZeroBitCount }
        if apart.1 != 0 { return 64 + apart.1.leadingZeroBitCount }
        if apart.2 != 0 { return 128 + apart.2.leadingZeroBitCount }
        return 192 + apart.3.leadingZeroBitCount
    }

    /// Appends the 32 bytes.
    func append(to bytes: inout [UInt8]) {
        for word in [words.0, words.1, words.2, words.3] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    /// Whether both are the same.
    public static func == (a: DHTKey, b: DHTKey) -> Bool { a.words == b.words }

    /// As big-endian numbers.
    public static func < (a: DHTKey, b: DHTKey) -> Bool { a.words < b.words }

    /// All of it: whoever picks keys must not be able to make them collide.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
