import Corestore
import Glibc
import Hypercore

/// Opening a store, with every way it can fail in the user's words.
enum StoreAccess {
    static func open(_ folder: String, readOnly: Bool) throws -> Store {
        do {
            // Also before it is read: what is in the feeds may be kept in another way, too.
            try StoreFormat.check(folder)
            guard !readOnly else { return try Store(folder: folder, readOnly: true) }
            try makeParents(of: folder)
            let store = try Store(folder: folder)
            try StoreFormat.mark(folder)
            return store
        } catch {
            throw NodeError(error, while: "opening the store \(folder)")
        }
    }

    /// Whether there is anything to open.
    static func exists(_ folder: String) -> Bool { access(folder, F_OK) == 0 }

    /// Whether a process has it. Looks into /proc/locks instead of trying: a try that succeeds for
    /// a moment would turn away whoever comes in that moment.
    static func isLocked(_ folder: String) -> Bool {
        var status = stat()
        guard stat(folder + "/lock", &status) == 0, let text = readFile("/proc/locks") else {
            return false
        }
        let inode = String(status.st_ino)
        return text.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            // 1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF
            guard fields.count >= 6, fields[1] == "FLOCK" else { return false }
            return fields[5].split(separator: ":").last.map(String.init) == inode
        }
    }

    private static func readFile(_ path: String) -> String? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// `~/.local/share` need not exist on a fresh account.
    private static func makeParents(of folder: String) throws(NodeError) {
        var path = ""
        for part in folder.split(separator: "/").dropLast() {
            path += "/" + part
            if mkdir(path, 0o700) != 0, errno != EEXIST, errno != EROFS, errno != EACCES {
                throw .system("cannot create \(path)")
            }
        }
    }
}
