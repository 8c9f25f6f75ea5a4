/// Entries drawn as a tree of names. Folders that have no entry of their own appear all the same.
struct TreeDrawing {
    private final class Branch {
        var record: EntryRecord?
        var children: [String: Branch] = [:]
    }

    private(set) var lines: [String] = []
    /// `12 files, 3 folders, 4.0 MiB`
    let summary: String

    init(_ records: [EntryRecord], below path: String) {
        let root = Branch()
        let depth = path.split(separator: "/").count
        for record in records {
            var branch = root
            for name in record.path.split(separator: "/").dropFirst(depth) {
                let next = branch.children[String(name)] ?? Branch()
                branch.children[String(name)] = next
                branch = next
            }
            branch.record = record
        }
        let files = records.filter { $0.type == "file" }
        let folders = records.filter { $0.type == "directory" || $0.type == "mount" }
        let bytes = files.reduce(UInt64(0)) { $0 &+ $1.size }
        summary = "\(files.count) files, \(folders.count) folders, \(Format.size(bytes))"
        draw(root)
    }

    /// A stack of its own: depth is the drive's choice, not ours.
    private mutating func draw(_ root: Branch) {
        var waiting = Self.children(of: root, indent: "")
        while let (indent, isLast, name, branch) = waiting.popLast() {
            let shown = branch.record?.shownName ?? Printable.name(name) + "/"
            lines.append(indent + (isLast ? Self.corner : Self.fork) + shown)
            waiting += Self.children(of: branch, indent: indent + (isLast ? "    " : Self.trunk))
        }
    }

    private static func children(
        of branch: Branch, indent: String
    ) -> [(String, Bool, String, Branch)] {
        let names = branch.children.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return names.enumerated().reversed().compactMap { index, name in
            branch.children[name].map { (indent, index == names.count - 1, name, $0) }
        }
    }

    private static let fork = "\u{251C}\u{2500}\u{2500} "
    private static let corner = "\u{2514}\u{2500}\u{2500} "
    private static let trunk = "\u{2502}   "
}
