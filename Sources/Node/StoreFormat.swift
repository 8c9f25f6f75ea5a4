import Glibc

/// Which hyperfs a store's own files (`<store>/hyperfs/`) are written for: `format`, a number. An
/// older program that wrote them its own way would destroy what it does not know.
enum StoreFormat {
    /// What this program reads and writes.
    static let current = 1

    /// Before a store is opened for writing. Throws `.failed` for one of a newer program.
    static func check(_ folder: String) throws(NodeError) {
        guard let text = text(of: folder) else { return }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        // What cannot be read as a number has been written by nobody older.
        guard let format = Int(digits), format <= current else {
            throw NodeError(
                .failed,
                "the store \(folder) was made by a newer hyperfs (format \(digits), this one "
                    + "knows \(current))",
                hint: "upgrade hyperfs, or choose another store with --store")
        }
    }

    /// Once it is open for writing, and locked.
    static func mark(_ folder: String) throws(NodeError) {
        guard text(of: folder) == nil else { return }
        try DurableFile.replace(path(folder), with: Array("\(current)\n".utf8))
    }

    private static func path(_ folder: String) -> String { folder + "/hyperfs/format" }

    private static func text(of folder: String) -> String? {
        let file = open(path(folder), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
