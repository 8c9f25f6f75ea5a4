import Foundation

/// One call of the table: `user: rename a b`, split into its words.
struct PosixStep {
    /// root, user, other.
    let who: String
    let call: String
    let words: [String]

    /// Nil for an empty text. `{n*255}` is 255 times an n, `''` an empty word.
    init?(_ text: String) {
        var words = text.split(separator: " ").map { Self.expand(String($0)) }
        guard let first = words.first else { return nil }
        who = first.hasSuffix(":") ? String(first.dropLast()) : "root"
        if first.hasSuffix(":") { words.removeFirst() }
        guard let call = words.first else { return nil }
        self.call = call
        self.words = Array(words.dropFirst())
    }

    init(who: String, call: String, _ words: [String]) {
        self.who = who
        self.call = call
        self.words = words.map(Self.expand)
    }

    private static func expand(_ word: String) -> String {
        if word == "''" { return "" }
        return word.replacing(/\{([^*}]+)\*(\d+)\}/) { match in
            String(repeating: String(match.1), count: Int(match.2) ?? 0)
        }
    }

    func word(_ index: Int) -> String { index < words.count ? words[index] : "" }

    func number(_ index: Int, or other: Int = 0) -> Int { Int(word(index)) ?? other }

    /// Permission bits, in octal.
    func mode(_ index: Int, or other: mode_t = 0o644) -> mode_t {
        mode_t(word(index), radix: 8) ?? other
    }

    /// `rw|creat|excl`.
    func flags(_ index: Int) -> Int32 {
        word(index).split(separator: "|").reduce(0) { $0 | (Self.flags[String($1)] ?? 0) }
    }

    private static let flags: [String: Int32] = [
        "r": O_RDONLY, "w": O_WRONLY, "rw": O_RDWR, "creat": O_CREAT, "excl": O_EXCL,
        "trunc": O_TRUNC, "append": O_APPEND, "directory": O_DIRECTORY, "nofollow": O_NOFOLLOW,
        "sync": O_SYNC, "direct": Calls.direct, "nonblock": O_NONBLOCK, "noctty": O_NOCTTY,
        // O_PATH, O_NOATIME, __O_TMPFILE with O_DIRECTORY
        "path": 0o10000000, "noatime": 0o1000000, "tmpfile": 0o20000000 | O_DIRECTORY,
    ]
}
