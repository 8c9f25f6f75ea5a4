import Glibc

/// Paths of a drive (docs/spec/hyperdrive.md sections 2 and 11): absolute outside, as in
/// `/docs/a.txt`; as keys of the trie without the slash in front, as in `docs/a.txt`. The root is
/// `/` and the empty key.
///
/// Names are bytes: no case is folded and no Unicode form is preferred. A backslash is part of a
/// name here as on every POSIX system, although the reference takes it for a slash.
enum DrivePath {
    /// The key of a path; runs of slashes count as one. Throws `badPath` for what no file system
    /// could show: `.`, `..`, zero bytes, overlong names.
    static func key(_ path: String) throws(DriveError) -> String {
        var path = path
        let key = path.withUTF8 { bytes in
            normalized(bytes)
        }
        switch key {
        case .success(let key): return key ?? String(Substring(path.utf8.dropFirst()))
        case .failure(let error): throw error
        }
    }

    /// The key made of a path's bytes; `nil` = the bytes behind the first slash as they are.
    private static func normalized(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Result<String?, DriveError> {
        guard bytes.count <= SpecLimits.pathBytesMax else {
            return .failure(
                DriveError(
                    .badPath, "a path of \(bytes.count) bytes is too long", errno: ENAMETOOLONG))
        }
        var names = 0
        var isClean = bytes.first == slash
        var start = 0
        for end in 0...bytes.count where end == bytes.count || bytes[end] == slash {
            let name = bytes[start..<end]
            if name.isEmpty {
                // Only the one in front of the first slash belongs there.
                if end > 0, bytes.count > 1 { isClean = false }
            } else {
                names += 1
                guard isName(name) else { return .failure(badName(name)) }
            }
            start = end + 1
        }
        guard names <= SpecLimits.namesMax else {
            return .failure(
                DriveError(.badPath, "a path of \(names) names is too deep", errno: ENAMETOOLONG))
        }
        if isClean { return .success(nil) }
        let parts = bytes.split(separator: slash)
        return .success(String(decoding: Array(parts.joined(separator: [slash])), as: UTF8.self))
    }

    private static let slash = UInt8(ascii: "/")

    /// Whether a file system can show the name.
    static func isShowable(_ name: String) -> Bool {
        name.utf8.withContiguousStorageIfAvailable { isName($0[...]) }
            ?? isName(Array(name.utf8)[...])
    }

    /// Whether a file system can show a key: every name in it, and no stray slashes.
    static func isShowable(key: String) -> Bool {
        key.utf8.count <= SpecLimits.pathBytesMax
            && key.utf8.split(separator: slash, omittingEmptySubsequences: false)
                .allSatisfy { isShowable(String(Substring($0))) }
    }

    private static func isName(_ name: some Collection<UInt8>) -> Bool {
        let count = name.count
        guard count > 0, count <= SpecLimits.nameBytesMax else { return false }
        if count <= 2, name.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
        return !name.contains { $0 == 0 || $0 == slash }
    }

    private static func badName(_ name: some Collection<UInt8>) -> DriveError {
        let isLong = name.count > SpecLimits.nameBytesMax
        return DriveError(
            .badPath, "'\(String(decoding: name.prefix(64), as: UTF8.self))' is not a file name",
            errno: isLong ? ENAMETOOLONG : EINVAL)
    }

    /// The path of a key.
    static func path(_ key: String) -> String { "/" + key }

    /// The path of a name in a folder.
    static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder == "/" ? "/" + name : folder + "/" + name
    }

    /// The last name of a path or key; empty for the root.
    static func name(of path: String) -> String {
        guard let index = path.utf8.lastIndex(of: slash) else { return path }
        return String(path[path.utf8.index(after: index)...])
    }

    /// The key of the folder that a key is in; `nil` for a name in the root.
    static func parent(of key: String) -> Substring? {
        key.utf8.lastIndex(of: slash).map { key[..<$0] }
    }

    /// Orders keys so that a folder comes before what is in it, and that before its next sibling;
    /// names by their bytes.
    static func isBefore(_ a: String, _ b: String) -> Bool {
        let order = a.utf8.withContiguousStorageIfAvailable { a in
            b.utf8.withContiguousStorageIfAvailable { b in compare(a, b) }
        }
        if case .some(.some(let order)) = order { return order < 0 }
        return Array(a.utf8).withUnsafeBufferPointer { a in
            Array(b.utf8).withUnsafeBufferPointer { b in compare(a, b) < 0 }
        }
    }

    private static func compare(
        _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>
    ) -> Int {
        for (x, y) in zip(a, b) where x != y {
            // The slash sorts before every other byte.
            let x = x == slash ? -1 : Int(x)
            let y = y == slash ? -1 : Int(y)
            return x - y
        }
        return a.count - b.count
    }
}
