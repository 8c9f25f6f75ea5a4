import Glibc

/// Which watch is of which folder.
struct WatchTable {
    private var paths: [Int32: String] = [:]
    private var watches: [String: Int32] = [:]
    /// Why some folder is not watched that should be; the newest reason.
    var fault: DriveError?

    private static let mask =
        Inotify.created | Inotify.deleted | Inotify.movedFrom | Inotify.movedTo
        | Inotify.closedAfterWriting | Inotify.attributes | Inotify.watchedIsDeleted
        | Inotify.watchedIsMoved | Inotify.watchFlags

    /// Watches a folder and all in it. A folder that went away meanwhile is no error.
    mutating func add(_ path: String, below root: String, to queue: Int32) throws(DriveError) {
        var open = [path]
        while let path = open.popLast() {
            let full = path.isEmpty ? root : root + "/" + path
            let watch = inotify_add_watch(queue, full, Self.mask)
            guard watch >= 0 else {
                let isGone = [ENOENT, ENOTDIR, EACCES].contains(errno)
                if isGone, !path.isEmpty { continue }
                throw errno == ENOSPC ? Self.tooMany(root) : .system("watch", full, errno)
            }
            guard paths.count < OwnLimits.watchesMax else { throw Self.tooMany(root) }
            if let old = paths[watch] { watches[old] = nil }
            paths[watch] = path
            watches[path] = watch
            open += Self.folders(in: full).map { path.isEmpty ? $0 : path + "/" + $0 }
        }
    }

    /// The path that an event is about, `.some(nil)` when it is about none; `nil` when something
    /// was lost.
    mutating func take(_ event: WatchEvent, below root: String, on queue: Int32) -> String?? {
        if event.mask & Inotify.overflow != 0 {
            resume("", below: root, to: queue)
            return nil
        }
        guard let folder = paths[event.watch] else { return .some(nil) }
        if event.mask & Inotify.ignored != 0 {
            paths[event.watch] = nil
            if watches[folder] == event.watch { watches[folder] = nil }
            return .some(nil)
        }
        if event.mask & (Inotify.watchedIsDeleted | Inotify.watchedIsMoved) != 0 {
            // Its parent tells of every folder but the outermost.
            return folder.isEmpty ? nil : .some(nil)
        }
        guard let name = event.name, !name.isEmpty else {
            return .some(folder.isEmpty ? nil : folder)
        }
        let path = folder.isEmpty ? name : folder + "/" + name
        guard event.mask & Inotify.isFolder != 0 else { return .some(path) }
        if event.mask & Inotify.movedFrom != 0 { drop(path, on: queue) }
        if event.mask & (Inotify.created | Inotify.movedTo) != 0 {
            guard resume(path, below: root, to: queue) else { return nil }
        }
        return .some(path)
    }

    /// As `add`, while the watching goes on: the rest is watched all the same.
    @discardableResult
    private mutating func resume(_ path: String, below root: String, to queue: Int32) -> Bool {
        do throws(DriveError) {
            try add(path, below: root, to: queue)
            return true
        } catch {
            fault = error
            return false
        }
    }

    /// Forgets a folder that was moved away, and those in it.
    private mutating func drop(_ path: String, on queue: Int32) {
        for (inner, watch) in watches where inner == path || inner.hasPrefix(path + "/") {
            inotify_rm_watch(queue, watch)
            watches[inner] = nil
            paths[watch] = nil
        }
    }

    private static func folders(in path: String) -> [String] {
        guard let folder = try? LocalFolder(path: path), let names = try? folder.names().names
        else { return [] }
        return names.filter { (try? folder.info($0))?.kind == .directory }
    }

    private static func tooMany(_ root: String) -> DriveError {
        DriveError(
            .io,
            "\(root) has more folders than the system lets one user watch; raise "
                + "fs.inotify.max_user_watches",
            errno: ENOSPC)
    }
}
