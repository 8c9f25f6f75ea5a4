import Corestore
import Glibc
import Hypercore

/// Opening a store, with every way it can fail in the user's words.
enum StoreAccess {
    static func open(_ folder: String, readOnly: Bool) throws -> Store {
        do {
            if !readOnly { try makeParents(of: folder) }
            return try Store(folder: folder, readOnly: readOnly)
        } catch {
            throw NodeError(error, while: "opening the store \(folder)")
        }
    }

    /// Whether there is anything to open.
    static func exists(_ folder: String) -> Bool { access(folder, F_OK) == 0 }

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
