import HyperCrypto

/// Keys as people of this family also write them: 52 letters and digits, five bits each.
enum ZBase32 {
    private static let alphabet = Array("ybndrfg8ejkmcpqxot1uwisza345h769".utf8)
    static let keyLength = 52

    /// `nil` unless the text is the canonical form of 32 bytes (upper case is read, too).
    static func decode(_ text: some StringProtocol) -> Bytes32? {
        guard text.utf8.count == keyLength else { return nil }
        var bytes: [UInt8] = []
        var bits = 0
        var buffer: UInt32 = 0
        for digit in text.utf8 {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(digit)
            guard let value = alphabet.firstIndex(of: isUpper ? digit | 0x20 : digit) else {
                return nil
            }
            buffer = buffer << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
                buffer &= (1 << UInt32(bits)) - 1
            }
        }
        // 260 bits hold 256: the last four must be zero, or two texts would name one key.
        return buffer == 0 ? Bytes32(bytes) : nil
    }

    static func encode(_ value: Bytes32) -> String {
        var text: [UInt8] = []
        var bits = 0
        var buffer: UInt32 = 0
        for byte in value.bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(buffer >> UInt32(bits)) & 31])
            }
            buffer &= (1 << UInt32(bits)) - 1
        }
        text.append(alphabet[Int(buffer << UInt32(5 - bits)) & 31])
        return String(decoding: text, as: UTF8.self)
    }
}
