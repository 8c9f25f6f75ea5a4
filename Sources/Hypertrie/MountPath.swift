/// Paths in a trie with mounts (docs/spec/mountable-hypertrie.md section 1): components joined by
/// single slashes, none at either end; the root is the empty string.
public enum MountPath {
    /// Splits a path: runs of slashes count as one. Throws `badKey` for `.` and `..`.
    ///
    /// Backslashes and a leading `letters:` are part of names here, as on every POSIX system; the
    /// reference would rewrite them, see `referenceNormalized`.
    public static func components(of path: String) throws(TrieError) -> [String] {
        // By bytes: a slash and a combining mark behind it are one character.
        let pieces = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        for piece in pieces where piece == "." || piece == ".." {
            throw TrieError(.badKey, "\(piece) is not a name; resolve it before asking the drive")
        }
        return pieces
    }

    /// The path in its one spelling.
    public static func normalized(_ path: String) throws(TrieError) -> String {
        try components(of: path).joined(separator: "/")
    }

    /// What the reference makes of a path: every run of slashes and backslashes becomes one slash,
    /// trailing ones go, and so does a leading `letters:` or `./`, and then one leading slash.
    public static func referenceNormalized(_ path: String) -> String {
        var scalars: [Unicode.Scalar] = []
        for scalar in path.unicodeScalars {
            let isSlash = scalar == "/" || scalar == "\\"
            if !isSlash {
                scalars.append(scalar)
            } else if scalars.last != "/" {
                scalars.append("/")
            }
        }
        if scalars.last == "/" { scalars.removeLast() }
        let letters = scalars.prefix { $0.isASCII && $0.properties.isAlphabetic }
        if !letters.isEmpty, letters.count < scalars.count, scalars[letters.count] == ":" {
            scalars.removeFirst(letters.count + 1)
        } else if scalars.starts(with: [".", "/"]) {
            scalars.removeFirst(2)
        }
        if scalars.first == "/" { scalars.removeFirst() }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }

    /// The path of something in a mounted trie, seen from outside.
    public static func join(_ outer: String, _ inner: String) -> String {
        if outer.isEmpty { return inner }
        return inner.isEmpty ? outer : outer + "/" + inner
    }
}
