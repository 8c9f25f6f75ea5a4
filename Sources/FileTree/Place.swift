/// A path within one drive of a tree.
///
/// Names are bytes: two spellings of one letter are two files (docs/spec/hyperdrive.md section 2),
/// where Swift's strings would call them equal.
struct Place: Hashable, Sendable {
    let volume: UInt64
    let path: String

    static func == (a: Place, b: Place) -> Bool {
        a.volume == b.volume && a.path.utf8.elementsEqual(b.path.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(volume)
        for byte in path.utf8 { hasher.combine(byte) }
    }

    /// The folder it is in; the root is in itself.
    var parent: Place { Place(volume: volume, path: Self.split(path).folder) }
    /// The last component; empty for the root.
    var name: String { Self.split(path).name }

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("/", path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (folder, String(path[path.utf8.index(after: slash)...]))
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder == "/" ? "/" + name : folder + "/" + name
    }
}
