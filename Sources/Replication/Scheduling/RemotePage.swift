/// 32768 bits of a `RemoteBitfield`. The lowest block is the top bit of the first word.
struct RemotePage {
    static let bits = 32768
    private static let wordCount = bits / 64

    let number: UInt64
    /// `nil`: every bit is set.
    private var words: [UInt64]?

    /// A page without any bit.
    init(number: UInt64) {
        self.number = number
        words = [UInt64](repeating: 0, count: RemotePage.wordCount)
    }

    static func number(of block: UInt64) -> UInt64 { block / UInt64(bits) }
    static func offset(of block: UInt64) -> Int { Int(block % UInt64(bits)) }

    /// The page's first block.
    var start: UInt64 { number * UInt64(RemotePage.bits) }
    var isFull: Bool { words == nil }
    var isEmpty: Bool { words?.allSatisfy { $0 == 0 } ?? false }

    func has(_ offset: Int) -> Bool {
        guard let words else { return true }
        return words[offset / 64] & RemotePage.bit(offset) != 0
    }

    /// The first set bit at or after `offset`.
    func next(from offset: Int) -> Int? {
        guard let words else { return offset }
        return RemotePage.scan(words, from: offset, inverted: false)
    }

    /// Where the run of set bits that begins at `offset` ends; `offset` itself when it is not set.
    func endOfRun(from offset: Int) -> Int {
        guard let words else { return RemotePage.bits }
        return RemotePage.scan(words, from: offset, inverted: true) ?? RemotePage.bits
    }

    mutating func set(_ range: Range<Int>) {
        if range.count == RemotePage.bits { words = nil }
        guard words != nil else { return }
        change(range, to: true)
        if words?.allSatisfy({ $0 == .max }) ?? true { words = nil }
    }

    mutating func clear(_ range: Range<Int>) {
        if words == nil {
            words = [UInt64](repeating: .max, count: RemotePage.wordCount)
        }
        change(range, to: false)
    }

    /// Sets the bits of `bytes`, the first of them at the start of `range` (a multiple of 8), those
    /// beyond its end ignored. Returns the highest bit set.
    mutating func merge(_ bytes: ArraySlice<UInt8>, at range: Range<Int>) -> Int? {
        var highest: Int?
        var offset = range.lowerBound
        for byte in bytes {
            guard offset < range.upperBound else { break }
            var byte = byte
            let room = range.upperBound - offset
            if room < 8 { byte &= ~(0xff >> UInt8(room)) }
            if byte != 0 {
                words?[offset / 64] |= UInt64(byte) << UInt64(56 - offset % 64)
                highest = offset + 7 - byte.trailingZeroBitCount
            }
            offset += 8
        }
        if words?.allSatisfy({ $0 == .max }) ?? true { words = nil }
        return highest
    }

    private mutating func change(_ range: Range<Int>, to value: Bool) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let end = min(range.upperBound, (offset / 64 + 1) * 64)
            // Bits offset % 64 ..< end - word start, counted from the top.
            var mask = UInt64.max >> UInt64(offset % 64)
            if end % 64 != 0 { mask &= ~(UInt64.max >> UInt64(end % 64)) }
            if value { words?[offset / 64] |= mask } else { words?[offset / 64] &= ~mask }
            offset = end
        }
    }

    private static func bit(_ offset: Int) -> UInt64 { 1 << UInt64(63 - offset % 64) }

    private static func scan(_ words: [UInt64], from offset: Int, inverted: Bool) -> Int? {
        guard offset < bits else { return nil }
        var index = offset / 64
        var word = inverted ? ~words[index] : words[index]
        word &= UInt64.max >> UInt64(offset % 64)
        while word == 0 {
            index += 1
            guard index < wordCount else { return nil }
            word = inverted ? ~words[index] : words[index]
        }
        return index * 64 + word.leadingZeroBitCount
    }
}
