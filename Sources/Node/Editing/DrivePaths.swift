/// Absolute paths in a drive, by their bytes: a slash stays one in front of a combining mark.
enum DrivePaths {
    private static let slash = UInt8(ascii: "/")

    /// The folder that a path is in; `/` for the root itself.
    static func parent(_ path: String) -> String {
        guard let index = path.utf8.lastIndex(of: slash), index != path.startIndex else {
            return "/"
        }
        return String(path[..<index])
    }

    /// The last name; empty for the root.
    static func name(_ path: String) -> String {
        guard let index = path.utf8.lastIndex(of: slash) else { return path }
        return String(Substring(path.utf8[path.utf8.index(after: index)...]))
    }

    /// A name in a folder.
    static func join(_ folder: String, _ name: String) -> String {
        if name.isEmpty { return folder }
        return folder == "/" ? "/" + name : folder + "/" + name
    }

    /// Whether a path is below another.
    static func isBelow(_ path: String, _ folder: String) -> Bool {
        folder == "/" ? path != "/" : path.utf8.starts(with: (folder + "/").utf8)
    }

    /// What was below one path, below another.
    static func moved(_ path: String, from: String, to: String) -> String {
        let rest = path.utf8.dropFirst(from == "/" ? 1 : from.utf8.count + 1)
        return join(to, String(Substring(rest)))
    }

    /// Whether the path was typed with a slash at its end: it means a folder.
    static func meansFolder(_ path: String) -> Bool { path.utf8.last == slash }
}
