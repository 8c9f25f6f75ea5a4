import Foundation

/// One text file, and what is left of it without comments and texts.
///
/// Everything is kept as bytes and searched with `memchr`: tests run unoptimized.
struct SourceFile: Sendable, CustomStringConvertible {
    /// Path below the root of the repository.
    let path: String
    let bytes: [UInt8]
    /// The same with spaces in place of comments and of what stands between quotes.
    let code: [UInt8]
    /// Where each line begins.
    private let starts: [Int]

    /// `nil` unless there is a file of UTF-8 text.
    init?(_ path: String) {
        let full = SourceTree.root + "/" + path
        guard let data = FileManager.default.contents(atPath: full),
            String(data: data, encoding: .utf8) != nil
        else { return nil }
        self.init(path: path, bytes: [UInt8](data))
    }

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        code = path.hasSuffix(".swift") ? Blanker.blank(bytes) : bytes
        starts = [0] + Self.places(of: "\n", in: bytes).map { $0 + 1 }
    }

    var description: String { path }

    /// The module it belongs to: the folder below `Sources` or `Tests`.
    var folder: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var name: String { String(path.split(separator: "/").last ?? "") }

    var lineCount: Int { starts.count }

    /// Without its line break.
    func line(_ index: Int) -> String { text(index, of: bytes) }

    /// The same without comments and texts.
    func codeLine(_ index: Int) -> String { text(index, of: code) }

    /// Bytes of a line without its line break.
    func width(_ index: Int) -> Int { end(index) - starts[index] }

    var allLines: [String] { (0..<lineCount).map(line) }

    /// Lines in which a word occurs: anywhere, or in code only.
    func lines(with word: String, anywhere: Bool = false) -> [Int] {
        var found: [Int] = []
        for place in Self.places(of: word, in: anywhere ? bytes : code) {
            let line = lineNumber(of: place)
            if found.last != line { found.append(line) }
        }
        return found
    }

    func contains(_ word: String) -> Bool { !Self.places(of: word, in: bytes).isEmpty }

    func lineNumber(of place: Int) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= place { low = middle } else { high = middle }
        }
        return low
    }

    /// The modules that it imports.
    var imports: [String] {
        lines(with: "import ").compactMap { index in
            codeLine(index).firstMatch(
                of: /^(?:@\w+\s+|public\s+|internal\s+)*import\s+(?:(?:struct|func)\s+)?(\w+)/
            ).map { String($0.output.1) }
        }
    }

    /// `path:line`, counted from one.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }

    private func end(_ index: Int) -> Int {
        index + 1 < starts.count ? starts[index + 1] - 1 : bytes.count
    }

    private func text(_ index: Int, of source: [UInt8]) -> String {
        String(decoding: source[starts[index]..<end(index)], as: UTF8.self)
    }

    private static func places(of word: String, in bytes: [UInt8]) -> [Int] {
        let word = Array(word.utf8)
        var found: [Int] = []
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var start = 0
            while start + word.count <= bytes.count,
                let hit = memchr(base + start, Int32(word[0]), bytes.count - start)
            {
                let place = UnsafeRawPointer(hit) - base
                if place + word.count <= bytes.count, memcmp(hit, word, word.count) == 0 {
                    found.append(place)
                }
                start = place + 1
            }
        }
        return found
    }
}
