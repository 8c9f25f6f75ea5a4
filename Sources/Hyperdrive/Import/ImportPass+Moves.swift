/// What a moved file keeps: enough to look whether its bytes are those of a file that is gone.
struct MovedFile: Hashable {
    let size: UInt64
    let mtime: UInt64

    init(_ info: LocalFolder.Info) { (size, mtime) = (info.size, info.mtime) }
    init(_ stat: Stat) { (size, mtime) = (stat.size, stat.mtime) }
}

/// Moved files: their entry moves, their content is not appended again.
extension ImportPass {
    /// Remembers what the drive has at and below a path that is gone from the folder.
    func findGone(_ key: String) throws {
        guard !key.isEmpty, isGone(key), goneCount < OwnLimits.movedFilesMax,
            let top = try drive.entry(DrivePath.path(key)), top.mount == nil
        else { return }
        guard top.stat.kind == .directory else { return findGone(top) }
        let walk = try drive.walk(top.path)
        while goneCount < OwnLimits.movedFilesMax {
            let page = try walk.next()
            guard !page.isEmpty else { return }
            page.forEach(findGone)
        }
    }

    private func findGone(_ entry: Entry) {
        guard entry.stat.kind == .file, entry.stat.mount == nil, entry.stat.size > 0,
            goneCount < OwnLimits.movedFilesMax
        else { return }
        gone[MovedFile(entry.stat), default: []].append(entry)
        goneCount += 1
    }

    /// A file that is gone and may have become this one; rather one of the same name, since whole
    /// folders move, and files of one size may be as old as each other.
    func findMoved(_ name: String, _ info: LocalFolder.Info) -> Entry? {
        let all = gone[MovedFile(info)]
        return all?.first { $0.name.utf8.elementsEqual(name.utf8) } ?? all?.first
    }

    func isGone(_ key: String) -> Bool {
        var folder = root
        let names = key.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        do {
            for name in names.dropLast() { folder = try folder.folder(name) }
            _ = try folder.info(names.last ?? "")
            return false
        } catch {
            return error.isGone
        }
    }
}
