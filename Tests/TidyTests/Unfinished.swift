import Foundation

/// Rooms whose first version is still being built: they are held to nothing yet, unless
/// `HYPERFS_TIDY=strict` asks what is left to do.
enum Unfinished {
    static let rooms: Set<String> =
        ProcessInfo.processInfo.environment["HYPERFS_TIDY"] == "strict"
        ? []
        : [
            "Replication", "FileTree", "FuseMount", "bench",
        ]

    static func holds(_ file: SourceFile) -> Bool {
        let folder = file.folder == "Sources" ? "bench" : file.folder
        return rooms.contains(folder) || rooms.contains { folder == $0 + "Tests" }
    }
}
