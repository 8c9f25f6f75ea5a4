import Foundation

/// HTML text. Values from outside get in through `text` and `attribute` only.
struct HTML: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// The text as it is sent.
    private(set) var source: String

    init(stringLiteral value: String) { source = value }

    /// Words of a drive or of a user between tags, made harmless; their direction is their own.
    static func text(_ text: String) -> HTML { HTML(trusted: "<bdi>\(escaped(text))</bdi>") }

    /// The same for plain words, as in a title.
    static func plain(_ text: String) -> HTML { HTML(trusted: escaped(text)) }

    /// Pieces one after the other.
    static func joined(_ pieces: [HTML]) -> HTML {
        HTML(trusted: pieces.map(\.source).joined())
    }

    static func + (one: HTML, other: HTML) -> HTML { HTML(trusted: one.source + other.source) }

    static func += (one: inout HTML, other: HTML) { one.source += other.source }

    private init(trusted source: String) { self.source = source }

    /// Also what could steer a terminal or turn text around is shown as a sign, not obeyed.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _
            where scalar.properties.generalCategory == .control && scalar != "\n"
                && scalar != "\t":
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `"\(value)"` between pieces: what is HTML stays, all else is made harmless.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            source.reserveCapacity(literalCapacity)
        }

        mutating func appendLiteral(_ literal: String) { source += literal }

        mutating func appendInterpolation(_ html: HTML) { source += html.source }

        mutating func appendInterpolation(_ text: String) { source += HTML.escaped(text) }

        mutating func appendInterpolation(_ number: some BinaryInteger) { source += "\(number)" }
    }

    init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    /// A picture of our own making.
    static func picture(_ code: QRCode) -> HTML { HTML(trusted: code.svg) }
}
