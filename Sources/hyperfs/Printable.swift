/// Foreign text on a terminal: what could move the cursor, hide or forge is escaped.
enum Printable {
    /// Control characters become `\n`, `\x1b`, `\u{202e}`; a backslash becomes two.
    static func text(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return text.unicodeScalars.reduce(into: "") { out, scalar in
            switch scalar {
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case _ where isUnsafe(scalar) && scalar.value < 0x100:
                let digits = String(scalar.value, radix: 16)
                out += "\\x" + (digits.count < 2 ? "0" : "") + digits
            case _ where isUnsafe(scalar): out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
    }

    /// A name in a listing: escaped for a terminal, as it is for a pipe.
    static func name(_ name: String) -> String { Console.isTerminal ? text(name) : name }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Marks that reorder or hide what follows.
        case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
        default: false
        }
    }
}
