import Foundation

/// Where a node writes down what it has mounted, so that the next one can clear away what a dead
/// one left: `<store>/hyperfs/mounts.json`.
struct MountRecord: Sendable {
    private let path: String

    init(store: String) { path = store + "/hyperfs/mounts.json" }

    /// Replaces the list. Best effort: without it a dead mount stays until somebody mounts there.
    func write(_ mountpoints: [String]) {
        if mountpoints.isEmpty {
            unlink(path)
            return
        }
        let list = JSONValue.array(mountpoints.map { .string($0) })
        try? DurableFile.replace(path, with: list.text)
    }

    /// What stands there; nothing when it is missing or damaged.
    func read() -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Limits.registryBytesMax),
            let list = try? JSONValue(parsing: data)
        else { return [] }
        return list.array?.compactMap(\.string) ?? []
    }
}
