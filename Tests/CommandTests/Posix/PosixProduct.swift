/// Every call with every kind of path.
struct PosixProduct {
    let who: String

    /// What the calls find.
    static let fixture: [PosixStep] = [
        "put file text", "put other other", "chmod file 666", "mkdir empty 777", "mkdir full 777",
        "put full/in inside", "mkdir full/sub", "symlink file link", "symlink empty folderlink",
        "symlink nowhere dangling", "symlink loop loop", "put private x", "chmod private 600",
        "mkdir locked 700", "put locked/in x", "mkdir readable 755", "put readable/in x",
        "mkdir sticky 1777", "put sticky/in x", "mkdir blind 711", "put blind/in x",
        "chmod . 777",
    ].compactMap { PosixStep($0) }

    private static let paths = [
        "file", "file/", "file/below", "none", "none/", "none/below", "empty", "empty/", "empty/.",
        "empty/..", "full", "full/in", "full/none", "link", "link/", "link/below", "folderlink",
        "folderlink/", "folderlink/new", "dangling", "dangling/", "dangling/below", "loop",
        "loop/below", "private", "locked", "locked/in", "locked/none", "readable/in",
        "readable/new", "sticky/in", "sticky/new", "blind", "blind/in", "blind/none", "''", ".",
        "..", "./file", "empty/../file", "{n*255}", "{n*256}", "{empty/../*450}file",
        "{empty/../*460}file", "full/sub",
    ]

    /// `P` stands for the path.
    private static let calls = [
        "stat P", "lstat P", "access P r", "access P w", "access P x", "access P rwx", "cat P",
        "list P", "readlink P", "statvfs P", "listxattr P", "getxattr P user.none",
        "open @ P r", "open @ P w", "open @ P rw", "open @ P rw|append", "open @ P w|trunc",
        "open @ P r|directory", "open @ P r|nofollow", "open @ P path", "open @ P r|noatime",
        "open @ P w|creat 644", "open @ P w|creat|excl 644", "open @ P r|creat 444",
        "open @ P w|creat|trunc 600", "open @ P r|creat|directory 644",
        "open @ P w|creat|nofollow 644", "open @ P rw|tmpfile 600",
        "mkdir P 750", "rmdir P", "unlink P", "symlink target P", "mkfile P 640", "chmod P 640",
        "chown P 1001 1001", "chown P -1 2000", "lchown P -1 -1", "truncate P 3", "truncate P 0",
        "truncate P -1", "utimens P now now", "utimens P 5 5", "lutimens P 7 7",
        "utimens P omit omit", "setxattr P user.a b 0", "removexattr P user.none",
        "setxattr P trusted.a b 0", "mkfifo P 644", "mkdevice P 644", "mksocket P 644",
        "link file P", "link P new", "rename P new", "rename P empty", "rename P other",
        "rename P full", "rename file P", "rename empty P", "rename full P", "rename link P",
        "rename P P", "rename P file 1", "rename P new 1", "rename P other 2", "rename P new 2",
        "rename P sticky/there", "rename P readable/there", "rename P locked/there",
        "rename P full/sub/there", "chdir P",
    ]

    var steps: [PosixStep] {
        Self.calls.flatMap { text in
            let words = text.split(separator: " ").map(String.init)
            return Self.paths.map { path in
                PosixStep(
                    who: who, call: words[0], words.dropFirst().map { $0 == "P" ? path : $0 })
            }
        }
    }

    private static let looks: Set = [
        "stat", "lstat", "access", "cat", "list", "readlink", "statvfs", "listxattr", "getxattr",
    ]

    /// Whether the fixture is as it was.
    static func isHarmless(_ step: PosixStep, _ results: String...) -> Bool {
        if looks.contains(step.call) { return true }
        if step.call == "open", step.word(2).split(separator: "|").allSatisfy(opens.contains) {
            return true
        }
        return results.allSatisfy { $0.first == "E" }
    }

    private static let opens: Set<Substring> = [
        "r", "w", "rw", "append", "directory", "nofollow", "path", "noatime",
    ]

    /// What a drive cannot hold is refused there, but for the same reasons as locally before that.
    static func agree(_ step: PosixStep, mounted: String, local: String) -> Bool {
        if mounted == local { return true }
        guard local == "ok" else { return false }
        switch step.call {
        case "link", "mkfifo", "mkdevice", "mksocket": return mounted == "EPERM"
        case "setxattr": return step.word(1).hasPrefix("trusted.") && mounted == "EOPNOTSUPP"
        case "open": return step.word(2).contains("tmpfile") && mounted == "EOPNOTSUPP"
        default: return false
        }
    }
}
