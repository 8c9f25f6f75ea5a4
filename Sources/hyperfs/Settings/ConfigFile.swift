import Foundation
import Node
import TOMLKit

/// `config.toml`: options that a user always wants (docs: hyperfs.toml(5)).
///
/// A name at the top is given to every verb that has such an option, one in `[verb]` to that verb.
struct ConfigFile {
    /// One line of it.
    struct Entry: Equatable {
        /// `nil`: for every verb.
        let section: String?
        /// As an option is called: with `-`.
        let key: String
        let value: Value
        /// From 1; 0: not found.
        let line: Int
    }

    enum Value: Equatable {
        case flag(Bool)
        case words([String])
    }

    let path: String
    let entries: [Entry]

    /// Where one is looked for: `$HYPERFS_CONFIG`, else the user's, else the machine's.
    static var paths: [String] {
        if let path = CommonOptions.environment("HYPERFS_CONFIG") { return [path] }
        var paths: [String] = []
        if let folder = CommonOptions.environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") {
            paths.append(folder + "/hyperfs/config.toml")
        } else if let home = CommonOptions.environment("HOME"), home.hasPrefix("/") {
            paths.append(home + "/.config/hyperfs/config.toml")
        }
        return paths + ["/etc/hyperfs/config.toml"]
    }

    /// The first that is there. Throws NodeError `.usage` when it cannot be read, or is not TOML
    /// of the form above.
    static func load() throws -> ConfigFile? {
        let isChosen = CommonOptions.environment("HYPERFS_CONFIG") != nil
        for path in paths where isChosen || access(path, F_OK) == 0 {
            return try ConfigFile(path: path, text: text(of: path))
        }
        return nil
    }

    /// What a file says, under the name that errors give.
    init(path: String, text: String) throws {
        self.path = path
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let place = "\(path), line \(error.source.begin.line)"
            throw NodeError(
                .usage, "\(place): \(Printable.text(error.description))",
                hint: "a line is name = value, text in quotes; see 'man hyperfs.toml'")
        }
        let lines = Lines(text)
        entries = try table.keys.sorted().flatMap { key -> [Entry] in
            guard let value = table[key] else { return [] }
            if let inner = value.table {
                return try inner.keys.sorted().compactMap { name in
                    try inner[name].map {
                        try Self.entry(key, name, $0, lines.find(name, in: key), path)
                    }
                }
            }
            return [try Self.entry(nil, key, value, lines.find(key, in: nil), path)]
        }
    }

    private static func text(of path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw NodeError(
                .usage, "cannot read \(path): \(String(cString: strerror(errno)))",
                hint: "make it readable, or unset HYPERFS_CONFIG")
        }
        defer { try? handle.close() }
        let bytes = try handle.read(upToCount: Settings.fileBytesMax + 1) ?? Data()
        guard bytes.count <= Settings.fileBytesMax, let text = String(data: bytes, encoding: .utf8)
        else {
            throw NodeError(
                .usage, "\(path) is not a config file: too large, or not UTF-8",
                hint: "see 'man hyperfs.toml'")
        }
        return text
    }

    private static func entry(
        _ section: String?, _ name: String, _ value: any TOMLValueConvertible, _ line: Int,
        _ path: String
    ) throws -> Entry {
        let key = name.replacingOccurrences(of: "_", with: "-")
        if let flag = value.bool {
            return Entry(section: section, key: key, value: .flag(flag), line: line)
        }
        let list = value.array.map { Array($0) } ?? [value]
        let words = list.compactMap(word)
        guard words.count == list.count else {
            throw NodeError(
                .usage,
                "\(path), line \(line): '\(name)' is neither text, a number, "
                    + "true or false, nor a list of texts",
                hint: "see 'man hyperfs.toml'")
        }
        return Entry(section: section, key: key, value: .words(words), line: line)
    }

    private static func word(_ value: any TOMLValueConvertible) -> String? {
        if let text = value.string { return text }
        if let number = value.int { return String(number) }
        if let number = value.double { return String(number) }
        return nil
    }
}

extension ConfigFile {
    /// Where names stand: the library does not tell of what it could read.
    private struct Lines {
        private var places: [String: Int] = [:]

        init(_ text: String) {
            var section = ""
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            {
                let bare = line.trimmingCharacters(in: .whitespaces)
                if bare.hasPrefix("[") {
                    section = String(bare.dropFirst().prefix { $0 != "]" })
                } else if let end = bare.firstIndex(of: "=") {
                    let name = bare[..<end].trimmingCharacters(
                        in: CharacterSet(charactersIn: " \t\"'"))
                    places["\(section)\n\(name)"] = index + 1
                }
            }
        }

        func find(_ name: String, in section: String?) -> Int {
            places["\(section ?? "")\n\(name)"] ?? places["\n\(section ?? "").\(name)"] ?? 0
        }
    }
}
