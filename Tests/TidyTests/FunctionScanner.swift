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
        let line: Int
    }

    static func functions(in file: SourceFile) -> [Function] {
        let tokens = tokenize(file.code)
        var found: [Function] = []
        for (index, token) in tokens.enumerated() {
            guard ["func", "init", "deinit", "subscript"].contains(token.text) else { continue }
            // `self.init(...)`, `.init(...)` are calls.
            if index > 0, tokens[index - 1].text == "." { continue }
            guard let open = bodyStart(tokens, after: index),
                let close = bodyEnd(tokens, from: open)
            else { continue }
            let isNamed = token.text == "func" && index + 1 < tokens.count
            found.append(
                Function(
                    name: isNamed ? tokens[index + 1].text : token.text,
                    first: token.line, last: tokens[close].line))
        }
        return found
    }

    /// Words and punctuation.
    private static func tokenize(_ lines: [Substring]) -> [Token] {
        var tokens: [Token] = []
        for (number, line) in lines.enumerated() {
            for match in line.matches(of: /\w+|[^\w\s]/) {
                tokens.append(Token(text: String(match.output), line: number))
            }
        }
        return tokens
    }

    /// The brace that opens a body; `nil` for the requirement of a protocol.
    private static func bodyStart(_ tokens: [Token], after start: Int) -> Int? {
        let next: Set = [
            "func", "var", "let", "init", "deinit", "subscript", "case", "struct", "class", "enum",
            "extension", "protocol", "typealias", "associatedtype", "static", "mutating", "}", "@",
        ]
        var depth = 0
        for index in tokens.indices[(start + 1)...] {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case let text where depth == 0 && next.contains(text): return nil
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
