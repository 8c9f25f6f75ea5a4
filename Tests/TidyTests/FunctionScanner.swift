/// Finds the bodies of functions in code that was blanked before.
enum FunctionScanner {
    struct Function {
        let name: String
        /// Lines of the file, counted from zero: that of the declaration, that of the last brace.
        let first: Int
        let last: Int

        var length: Int { last - first + 1 }
    }

    private struct Token {
        let text: String
        let place: Int
    }

    static func functions(in file: SourceFile) -> [Function] {
        let tokens = tokenize(file.code)
        var found: [Function] = []
        for (index, token) in tokens.enumerated() {
            guard heads.contains(token.text) else { continue }
            // `self.init(...)`, `.init(...)` are calls.
            if index > 0, tokens[index - 1].text == "." { continue }
            guard let open = bodyStart(tokens, after: index),
                let close = bodyEnd(tokens, from: open)
            else { continue }
            let isNamed = token.text == "func" && index + 1 < tokens.count
            found.append(
                Function(
                    name: isNamed ? tokens[index + 1].text : token.text,
                    first: file.lineNumber(of: token.place),
                    last: file.lineNumber(of: tokens[close].place)))
        }
        return found
    }

    private static let heads: Set = ["func", "init", "deinit", "subscript"]
    private static let others: Set = [
        "func", "var", "let", "init", "deinit", "subscript", "case", "struct", "class", "enum",
        "extension", "protocol", "typealias", "associatedtype", "static", "mutating", "}", "@",
    ]

    /// Words, and the punctuation that shapes code.
    private static func tokenize(_ code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var start: Int?
        for (place, byte) in code.enumerated() {
            let isWord =
                (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x30...0x39).contains(byte) || byte == 0x5f
            if isWord {
                if start == nil { start = place }
                continue
            }
            if let begin = start {
                tokens.append(
                    Token(text: String(decoding: code[begin..<place], as: UTF8.self), place: begin))
                start = nil
            }
            if punctuation.contains(byte) {
                tokens.append(Token(text: String(UnicodeScalar(byte)), place: place))
            }
        }
        return tokens
    }

    private static let punctuation = Set("(){}[].@".utf8)

    /// The brace that opens a body; `nil` for the requirement of a protocol.
    private static func bodyStart(_ tokens: [Token], after start: Int) -> Int? {
        var depth = 0
        for index in tokens.indices[(start + 1)...] {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case let text where depth == 0 && others.contains(text): return nil
            default: break
            }
        }
        return nil
    }

    private static func bodyEnd(_ tokens: [Token], from open: Int) -> Int? {
        var depth = 0
        for index in tokens.indices[open...] {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}
