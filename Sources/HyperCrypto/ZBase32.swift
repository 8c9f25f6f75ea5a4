/// Text form of keys in five-bit digits, shorter than hexadecimal and easy to read aloud: the
/// human-oriented base 32 of Zooko, most significant bits first.
enum ZBase32 {
    private static let alphabet = Array("ybndrfg8ejkmcpqxot1uwisza345h769".utf8)

    /// Digits for all bytes; the last digit is filled up with zero bits.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var pending: UInt16 = 0
        var pendingBits = 0
        for byte in bytes {
            pending = pending << 8 | UInt16(byte)
            pendingBits += 8
            while pendingBits >= 5 {
                pendingBits -= 5
                text.append(alphabet[Int(pending >> UInt16(pendingBits)) & 31])
            }
            pending &= 1 << UInt16(pendingBits) - 1
        }
        if pendingBits > 0 {
            text.append(alphabet[Int(pending << UInt16(5 - pendingBits)) & 31])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in either case; `nil` when a character is no digit, or when bits that
    /// fill no byte are not zero (so that every value has one spelling).
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt16 = 0
        var pendingBits = 0
        for character in text.utf8 {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character)
            let digit = isUpper ? character | 0x20 : character
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            pending = pending << 5 | UInt16(value)
            pendingBits += 5
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt16(pendingBits)))
            }
            pending &= 1 << UInt16(pendingBits) - 1
        }
        guard pendingBits < 5, pending == 0 else { return nil }
        return bytes
    }
}
