/// A path within one drive of a tree.
///
/// Names are bytes: two spellings of one letter are two files (docs/spec/hyperdrive.md section 2),
/// where Swift's strings would call them equal.
struct Place: Hashable, Sendable {
    let volume: UInt64
    let path: String

    init(volume: UInt64, path: String) {
        self.volume = volume
        self.path = path
    }

    /// A path of a drive, wherever the drive is shown.
    init(_ path: String) { self.init(volume: 0, path: path) }

    static func == (a: Place, b: Place) -> Bool {
        a.volume == b.volume && a.path.utf8.elementsEqual(b.path.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(volume)
        var path = path
        path.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The folder it is in; the root is in itself.
    var parent: Place { Place(volume: volume, path: Self.split(path).folder) }
    /// The last component; empty for the root.
    var name: String { Self.split(path).name }

    /// Whether it is somewhere below another place.
    func isBelow(_ folder: Place) -> Bool {
        guard volume == folder.volume, path.utf8.count > folder.path.utf8.count else {
            return false
        }
        if folder.path == "/" { return true }
        let rest = path.utf8.dropFirst(folder.path.utf8.count)
        return path.utf8.starts(with: folder.path.utf8) && rest.first == UInt8(ascii: "/")
    }

    /// Where it is once `source` has become `target`; nil = it stays.
    func moved(from source: Place, to target: Place) -> Place? {
        if self == source { return target }
        guard isBelow(source) else { return nil }
        let rest = Substring(path.utf8.dropFirst(source.path.utf8.count))
        return Place(volume: volume, path: target.path + rest)
    }

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("/", path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (folder, String(path[path.utf8.index(after: slash)...]))
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder == "/" ? "/" + name : folder + "/" + name
    }
}
