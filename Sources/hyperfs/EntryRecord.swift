import HyperCrypto
import Hyperdrive
import Node

/// An entry of a drive as the commands show it (CLI.md section 4).
struct EntryRecord: Sendable {
    let path: String
    let name: String
    let type: String
    let size: UInt64
    let mode: UInt32
    let mtime: UInt64
    let cached: UInt64
    /// Text of a symlink.
    let target: String?
    /// Of a nested drive.
    let key: PublicKey?

    init(_ entry: Entry) {
        path = entry.path
        name = entry.name
        size = entry.stat.size
        mode = entry.stat.mode
        mtime = entry.stat.mtime
        cached = entry.cachedBytes
        target = entry.stat.kind == .symlink ? entry.stat.linkname ?? "" : nil
        key = entry.mount?.key ?? entry.stat.mount?.key
        if entry.mount != nil {
            type = "mount"
        } else {
            switch entry.stat.kind {
            case .file: type = "file"
            case .directory: type = "directory"
            case .symlink: type = "symlink"
            case .other: type = "other"
            }
        }
    }

    /// One line for programs.
    var json: JSONValue { .object(members) }

    /// The members of `json`, to add more.
    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init(name: "path", value: .string(path)),
            .init(name: "type", value: .string(type)),
            .init(name: "size", value: .number(size)),
            .init(name: "mode", value: .string(Format.mode(mode))),
            .init(name: "mtime", value: .string(Format.rfc3339(milliseconds: mtime))),
            .init(name: "cached", value: .number(cached)),
        ]
        if let target { members.append(.init(name: "target", value: .string(target))) }
        if let key { members.append(.init(name: "key", value: .string(key.hex))) }
        return members
    }

    /// `d`, `l`, `-`, then `rwxr-xr-x`.
    var permissions: String {
        let kind = type == "directory" || type == "mount" ? "d" : type == "symlink" ? "l" : "-"
        let letters = Array("rwxrwxrwx")
        let bits = letters.enumerated().map { mode & (0o400 >> UInt32($0)) != 0 ? $1 : "-" }
        return kind + String(bits)
    }

    /// The name with what it leads to, safe for a terminal.
    var shownName: String {
        let suffix = type == "directory" || type == "mount" ? "/" : ""
        let arrow = target.map { " -> " + Printable.name($0) } ?? ""
        let nested = type == "mount" ? key.map { "  hyper://\($0.hex)" } ?? "" : ""
        return Printable.name(name) + suffix + arrow + nested
    }

    /// How much of a file's content is in this store.
    var shownCached: String {
        guard type == "file", size > 0 else { return "" }
        return cached >= size ? "all" : cached == 0 ? "-" : "\(cached * 100 / size)%"
    }
}
