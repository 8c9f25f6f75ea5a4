import HyperCrypto

/// What a user types for a drive, and for a path inside one (CLI.md section 1):
/// `KEY`, `KEY+VERSION`, `hyper://KEY+VERSION/path`, `dat://KEY`, `NAME/path`.
///
/// In a URL `%41` means `A`; elsewhere a path stands for itself.
public struct DriveReference: Sendable, Equatable, CustomStringConvertible {
    /// By its key, or by a name that this store gave it.
    public enum Drive: Sendable, Equatable {
        case key(PublicKey)
        case name(String)
    }

    /// Which drive.
    public let drive: Drive
    /// Which version; `nil` for the newest.
    public let version: UInt64?
    /// Absolute in the drive, without a slash at the end; `/` is the root.
    public let path: String
    /// What was typed.
    public let description: String

    /// Throws `.usage` for what cannot be a drive; whether it exists is another question.
    public init(_ text: String) throws(NodeError) {
        description = text
        var rest = Substring(text)
        let scheme = ["hyper://", "dat://"].first { text.lowercased().hasPrefix($0) }
        rest = rest.dropFirst(scheme?.count ?? 0)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (head, version) = try Self.splitVersion(rest[..<slash], in: text)
        self.version = version
        drive = try Self.drive(head, isURL: scheme != nil, in: text)
        var path = String(rest[slash...])
        if scheme != nil {
            guard let decoded = Self.percentDecoded(path) else {
                throw Self.malformed(text, "a % needs two digits after it, or write it as %25")
            }
            path = decoded
        }
        self.path = try Self.normalized(path, in: text)
    }

    /// The same drive at another path.
    private static func splitVersion(
        _ head: Substring, in text: String
    ) throws(NodeError) -> (Substring, UInt64?) {
        guard let plus = head.lastIndex(of: "+") else { return (head, nil) }
        let digits = head[head.index(after: plus)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw malformed(text, "a version is a number after the +")
        }
        guard let version = UInt64(digits), (1...1 << 53 - 1).contains(version) else {
            throw malformed(text, "versions start at 1 and are smaller than 2^53")
        }
        return (head[..<plus], version)
    }

    private static func drive(
        _ head: Substring, isURL: Bool, in text: String
    ) throws(NodeError) -> Drive {
        if let key = PublicKey(hex: head) { return .key(key) }
        if let key = ZBase32.decode(head) { return .key(PublicKey(key)) }
        let isHex = head.utf8.count >= 32 && head.allSatisfy(\.isHexDigit)
        if isURL || isHex {
            throw malformed(
                text, "a key has 64 hexadecimal digits, this has \(head.utf8.count) characters")
        }
        guard isName(head) else {
            throw malformed(text, "give a key, a hyper:// URL or the name of a drive")
        }
        return .name(String(head))
    }

    /// Letters, digits, `.`, `-` and `_`, starting with a letter or digit; not the form of a key.
    public static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.unicodeScalars.first,
            first.properties.isAlphabetic
                || ("0"..."9").contains(first)
        else { return false }
        guard text.utf8.count <= Limits.nameBytesMax else { return false }
        guard PublicKey(hex: text) == nil, ZBase32.decode(text) == nil else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || ("0"..."9").contains($0)
                || ".-_".unicodeScalars.contains($0)
        }
    }

    private static func normalized(
        _ path: String, in text: String
    ) throws(NodeError) -> String {
        guard path.utf8.count <= Limits.pathBytesMax, !path.utf8.contains(0) else {
            throw malformed(text, "a path has at most 4096 bytes and no NUL")
        }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw malformed(text, "write the path without '..'")
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func percentDecoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard let value = [UInt8](hex: digits), value.count == 1 else { return nil }
            bytes += value
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func malformed(_ text: String, _ hint: String) -> NodeError {
        NodeError(.usage, "'\(text)' does not name a drive", hint: hint)
    }
}
