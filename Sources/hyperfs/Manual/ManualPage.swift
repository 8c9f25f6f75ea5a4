/// One manual page in the man(7) form, built part by part.
struct ManualPage {
    let name: String
    let section: Int
    private var lines: [String]

    /// - Parameter purpose: what it is for, without a full stop.
    init(_ name: String, section: Int, purpose: String) {
        self.name = name
        self.section = section
        lines = [
            ".TH \(Self.quoted(name.uppercased())) \(section) \"\" "
                + "\(Self.quoted(Version.text)) \"hyperfs\"",
            ".SH NAME", "\(Self.escaped(name)) \\- \(Self.escaped(purpose))",
        ]
    }

    /// Where `man` looks for it.
    var fileName: String { "\(name).\(section)" }

    /// The whole page.
    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func heading(_ text: String) { lines.append(".SH \(text.uppercased())") }

    /// Plain words; every line that begins with blanks is shown as it is.
    mutating func text(_ text: String) {
        lines.append(".PP")
        var isExample = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.hasPrefix("  ")
            if isIndented != isExample { lines.append(isIndented ? ".RS 4\n.EX" : ".EE\n.RE") }
            isExample = isIndented
            lines.append(
                line.isEmpty && !isExample ? ".PP" : Self.escaped(line.trimmedStart))
        }
        if isExample { lines.append(".EE\n.RE") }
    }

    /// A term in bold and what it means.
    mutating func item(_ term: String, value: String? = nil, _ meaning: String) {
        let value = value.map { " \\fI\(Self.escaped($0, dashes: false))\\fR" } ?? ""
        lines += [".TP", "\\fB\(Self.escaped(term))\\fR\(value)", Self.escaped(meaning)]
    }

    /// How a command is called: already with the fonts of man(7).
    mutating func synopsis(_ parts: [String]) {
        heading("synopsis")
        lines += [".nh", parts.joined(separator: " "), ".hy"]
    }

    /// In bold.
    static func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fR" }

    /// For what the user puts in.
    static func italic(_ text: String) -> String { "\\fI\(escaped(text, dashes: false))\\fR" }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\"", with: ""))\""
    }

    /// What troff would read as its own is made plain.
    static func escaped(_ text: some StringProtocol, dashes: Bool = true) -> String {
        var result = String(text).replacing("\\", with: "\\e")
        if dashes { result = result.replacing("-", with: "\\-") }
        result = result.replacing("\u{2026}", with: "...")
        let isControl = result.hasPrefix(".") || result.hasPrefix("'")
        return isControl ? "\\&" + result : result
    }
}

extension StringProtocol {
    fileprivate var trimmedStart: SubSequence { drop { $0 == " " } }
}
