import FuseMount
import Hyperdrive

/// What a shell offers for a half-typed word: from what is on this machine, without a network,
/// without a lock, and without a word when something is wrong.
public enum Candidates {
    /// Names of drives, keys of those without one.
    public static func drives(in store: String) -> [String] {
        let drives = (try? StoredDrive.list(in: store)) ?? []
        return drives.prefix(Limits.candidatesMax).map { $0.name ?? $0.key.hex }
    }

    /// The same until the word has a slash, then what is in the folder it names, as far as it is
    /// here; folders have a slash at the end.
    public static func paths(_ word: String, in store: String) -> [String] {
        // A URL has slashes of its own.
        guard let slash = word.lastIndex(of: "/"), !word.contains("://") else {
            return drives(in: store).map { $0 + "/" }
        }
        let folder = String(word[...slash])
        guard let reference = try? DriveReference(folder),
            let key = try? reference.key(store: store),
            let opened = try? StoreAccess.open(store, readOnly: true)
        else { return [] }
        defer { try? opened.close() }
        let drive = try? Drive(store: opened, key: key, version: reference.version)
        let entries = (try? drive?.list(reference.path)) ?? []
        return entries.prefix(Limits.candidatesMax).map {
            folder + $0.name + ($0.stat.kind == .directory ? "/" : "")
        }
    }

    /// Where drives are mounted.
    public static var mountpoints: [String] { Mount.mountpoints }
}

extension Limits {
    /// More than that nobody reads.
    static let candidatesMax = 1000
}
