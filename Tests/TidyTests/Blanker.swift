/// Replaces comments and the contents of string literals by spaces, so that rules about code do
/// not trip over prose. Lines and columns stay where they are.
struct Blanker {
    private let input: [UInt8]
    private var output: [UInt8] = []
    private var index = 0

    /// Bytes at which code may turn into something else.
    private static let isSpecial: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "/\"#()".utf8 { table[Int(byte)] = true }
        return table
    }()

    static func blank(_ bytes: [UInt8]) -> [UInt8] {
        var blanker = Blanker(input: bytes)
        blanker.output.reserveCapacity(bytes.count)
        blanker.code(inInterpolation: false)
        return blanker.output
    }

    private init(input: [UInt8]) { self.input = input }

    private func starts(_ text: String) -> Bool {
        var at = index
        for character in text.utf8 {
            guard at < input.count, input[at] == character else { return false }
            at += 1
        }
        return true
    }

    private mutating func keep(_ count: Int = 1) {
        for _ in 0..<count where index < input.count {
            output.append(input[index])
            index += 1
        }
    }

    private mutating func hide(_ count: Int = 1) {
        for _ in 0..<count where index < input.count {
            let isNewline = input[index] == UInt8(ascii: "\n")
            output.append(UInt8(ascii: isNewline ? "\n" : " "))
            index += 1
        }
    }

    /// Code up to the parenthesis that closes an interpolation, or to the end.
    private mutating func code(inInterpolation: Bool) {
        var depth = 0
        while index < input.count {
            guard Self.isSpecial[Int(input[index])] else {
                keep()
                continue
            }
            if starts("//") {
                while index < input.count, input[index] != UInt8(ascii: "\n") { hide() }
            } else if starts("/*") {
                blockComment()
            } else if starts("\"") || startsRawString {
                string()
            } else {
                if input[index] == UInt8(ascii: "(") { depth += 1 }
                if input[index] == UInt8(ascii: ")"), inInterpolation {
                    if depth == 0 { return }
                    depth -= 1
                }
                keep()
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                hide(2)
            } else if starts("*/") {
                depth -= 1
                hide(2)
            } else {
                hide()
            }
        } while depth > 0 && index < input.count
    }

    private var startsRawString: Bool {
        var at = index
        while at < input.count, input[at] == UInt8(ascii: "#") { at += 1 }
        return at > index && at < input.count && input[at] == UInt8(ascii: "\"")
    }

    private mutating func string() {
        var hashes = ""
        while input[index] == UInt8(ascii: "#") {
            hashes += "#"
            keep()
        }
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        keep(quote.count)
        while index < input.count {
            if starts(quote + hashes) {
                keep(quote.count + hashes.count)
                return
            }
            if quote.count == 1, input[index] == UInt8(ascii: "\n") { return }
            if starts("\\" + hashes + "(") {
                hide(2 + hashes.count)
                code(inInterpolation: true)
                hide()
            } else if starts("\\" + hashes) {
                hide(2 + hashes.count)
            } else {
                hide()
            }
        }
    }
}
