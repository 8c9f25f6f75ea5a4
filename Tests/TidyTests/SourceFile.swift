import Foundation

/// One text file, and what is left of it without comments and texts.
struct SourceFile: Sendable, CustomStringConvertible {
    /// Path below the root of the repository.
    let path: String
    let text: String
    let lines: [Substring]
    /// The same lines with spaces in place of comments and of what stands between quotes.
    let code: [Substring]

    /// `nil` unless there is a file of UTF-8 text.
    init?(_ path: String) {
        let full = SourceTree.root + "/" + path
        guard let data = FileManager.default.contents(atPath: full),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        self.init(path: path, text: text)
    }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let isSwift = path.hasSuffix(".swift")
        code =
            isSwift
            ? Blanker.blank(text).split(separator: "\n", omittingEmptySubsequences: false)
            : lines
    }

    var description: String { path }

    /// The module it belongs to: the folder below `Sources` or `Tests`.
    var folder: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var name: String { String(path.split(separator: "/").last ?? "") }

    /// The modules that it imports.
    var imports: [String] {
        code.compactMap { line in
            line.firstMatch(
                of: /^(?:@\w+\s+|public\s+|internal\s+)*import\s+(?:(?:struct|func)\s+)?(\w+)/
            ).map { String($0.output.1) }
        }
    }

    /// `path:line`, counted from one.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}
