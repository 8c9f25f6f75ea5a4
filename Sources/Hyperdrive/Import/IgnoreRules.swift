/// The rules of an ignore file, as gitignore has them: comments, `!` to take back, `/` at the end
/// for folders only, `/` elsewhere to tie the pattern to the file's own folder, `*`, `?`, `[...]`
/// within a name and `**` across names. The last rule that fits decides.
struct IgnoreRules: Sendable {
    private struct Rule: Sendable {
        var isTakenBack: Bool
        var foldersOnly: Bool
        var parts: [[UInt8]]
    }

    private static let anything = Array("**".utf8)
    private var rules: [Rule] = []

    /// Rules that ignore nothing.
    init() {}

    /// The rules in a file's text; lines beyond a limit are not read.
    init(_ text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")).prefix(OwnLimits.ignoreRulesMax) {
            if let rule = Self.rule(line) { rules.append(rule) }
        }
    }

    /// What the rules say of a path relative to the file's folder; `nil` = nothing.
    func verdict(_ path: [[UInt8]], isFolder: Bool) -> Bool? {
        for rule in rules.reversed() where isFolder || !rule.foldersOnly {
            if Self.fits(rule.parts, path) { return !rule.isTakenBack }
        }
        return nil
    }

    private static func rule(_ line: ArraySlice<UInt8>) -> Rule? {
        var text = line
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        // Spaces at the end count only behind a backslash.
        while text.last == UInt8(ascii: " "), text.dropLast().last != UInt8(ascii: "\\") {
            text.removeLast()
        }
        guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
        let isTakenBack = first == UInt8(ascii: "!")
        if isTakenBack { text.removeFirst() }
        let foldersOnly = text.last == UInt8(ascii: "/")
        if foldersOnly { text.removeLast() }
        let isTied = text.contains(UInt8(ascii: "/"))
        var parts = text.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard !parts.isEmpty else { return nil }
        if !isTied { parts.insert(anything, at: 0) }
        return Rule(isTakenBack: isTakenBack, foldersOnly: foldersOnly, parts: parts)
    }

    /// Names against parts of a pattern, where `**` stands for any number of names; one at least
    /// at the end. Goes back to the last `**` only, so that the work stays small.
    private static func fits(_ parts: [[UInt8]], _ path: [[UInt8]]) -> Bool {
        var part = 0
        var name = 0
        var retry: (part: Int, name: Int)?
        while name < path.count {
            if part < parts.count, parts[part] == anything {
                if part == parts.count - 1 { return true }
                retry = (part, name)
                part += 1
            } else if part < parts.count, nameFits(parts[part][...], path[name][...]) {
                part += 1
                name += 1
            } else if let back = retry {
                retry = (back.part, back.name + 1)
                part = back.part + 1
                name = back.name + 1
            } else {
                return false
            }
        }
        return part == parts.count
    }

    /// One name against one part, going back to the last `*` only.
    private static func nameFits(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var p = pattern.startIndex
        var n = name.startIndex
        var retry: (p: Int, n: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                while p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") { p += 1 }
                retry = (p, n)
            } else if p < pattern.endIndex, let next = byteFits(pattern, p, name[n]) {
                p = next
                n += 1
            } else if let back = retry {
                retry = (back.p, back.n + 1)
                p = back.p
                n = back.n + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// Where the pattern goes on when it fits one byte; `nil` = it does not.
    private static func byteFits(_ pattern: ArraySlice<UInt8>, _ p: Int, _ byte: UInt8) -> Int? {
        switch pattern[p] {
        case UInt8(ascii: "?"): return p + 1
        case UInt8(ascii: "["):
            guard let (isIn, end) = setContains(pattern, p, byte) else {
                return byte == UInt8(ascii: "[") ? p + 1 : nil
            }
            return isIn ? end : nil
        case UInt8(ascii: "\\") where p + 1 < pattern.endIndex:
            return pattern[p + 1] == byte ? p + 2 : nil
        default: return pattern[p] == byte ? p + 1 : nil
        }
    }

    /// Whether `[...]` at `start` has the byte, and where it ends; `nil` = it does not end.
    private static func setContains(
        _ pattern: ArraySlice<UInt8>, _ start: Int, _ byte: UInt8
    ) -> (isIn: Bool, end: Int)? {
        var p = start + 1
        var isNegated = false
        if p < pattern.endIndex, pattern[p] == UInt8(ascii: "!") || pattern[p] == UInt8(ascii: "^")
        {
            isNegated = true
            p += 1
        }
        var isIn = false
        var isFirst = true
        while p < pattern.endIndex {
            if pattern[p] == UInt8(ascii: "]"), !isFirst { return (isIn != isNegated, p + 1) }
            isFirst = false
            if pattern[p] == UInt8(ascii: "\\"), p + 1 < pattern.endIndex { p += 1 }
            let low = pattern[p]
            if p + 2 < pattern.endIndex, pattern[p + 1] == UInt8(ascii: "-"),
                pattern[p + 2] != UInt8(ascii: "]")
            {
                if low <= byte, byte <= pattern[p + 2] { isIn = true }
                p += 3
            } else {
                if low == byte { isIn = true }
                p += 1
            }
        }
        return nil
    }
}

/// The rules on the way to a folder, outermost first: an inner file overrules an outer one.
struct IgnoreStack: Sendable {
    private var levels: [(rules: IgnoreRules, depth: Int)] = []

    /// Adds the rules of the folder at a depth; the root's is 0.
    mutating func push(_ rules: IgnoreRules, depth: Int) { levels.append((rules, depth)) }

    /// Whether a path is ignored, given that the folders it is in are not.
    func ignores(_ path: [[UInt8]], isFolder: Bool) -> Bool {
        for level in levels.reversed() {
            let below = Array(path.dropFirst(level.depth))
            if let verdict = level.rules.verdict(below, isFolder: isFolder) { return verdict }
        }
        return false
    }

    /// Whether there is any rule.
    var isEmpty: Bool { levels.isEmpty }
}
