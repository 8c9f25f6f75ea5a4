import Glibc

/// Walking the folder and the drive side by side.
extension ImportPass {
    /// What is in one folder, against what the drive has there.
    func visit(
        _ folder: LocalFolder, key: String, path: [[UInt8]], rules: IgnoreStack, isInDrive: Bool
    ) throws {
        try checkCancelled()
        guard let names = try names(in: folder, key) else { return }
        let rules = inner(rules, names: names, in: folder, path: path)
        var old = isInDrive ? try known(key)[...] : []
        for name in names {
            while let first = old.first, first.name.utf8.lexicographicallyPrecedes(name.utf8) {
                if isMirror { try remove(first) }
                old.removeFirst()
            }
            var entry: Entry?
            if let first = old.first, first.name.utf8.elementsEqual(name.utf8) {
                entry = first
                old.removeFirst()
            }
            try visit(name, in: folder, key: key, path: path, rules: rules, old: entry)
        }
        if isMirror { for entry in old { try remove(entry) } }
    }

    /// One entry of a folder, against what the drive has of that name.
    func visit(
        _ name: String, in folder: LocalFolder, key: String, path: [[UInt8]], rules: IgnoreStack,
        old: Entry?
    ) throws {
        try visit(
            name, as: key.isEmpty ? name : key + "/" + name, in: folder,
            path: path + [Array(name.utf8)], rules: rules, old: old)
    }

    /// The same for an entry that may have another name in the drive.
    func visit(
        _ name: String, as key: String, in folder: LocalFolder, path: [[UInt8]],
        rules: IgnoreStack, old: Entry?
    ) throws {
        let info: LocalFolder.Info
        do {
            info = try folder.info(name)
        } catch {
            return try lost(key, error, old)
        }
        if rules.ignores(path, isFolder: info.kind == .directory) {
            if let old { try remove(old) }
            return
        }
        guard key.utf8.count <= SpecLimits.pathBytesMax, path.count <= SpecLimits.namesMax else {
            note("\(localPath(key)): left out, the path is too long for a drive")
            return
        }
        guard old?.mount == nil else {
            note("\(localPath(key)): left out, another drive is nested there")
            return
        }
        if let old, !isMirror, (old.stat.kind == .directory) != (info.kind == .directory) {
            let found = old.stat.kind == .directory ? "a folder" : "no folder"
            note("\(localPath(key)): left out, \(DrivePath.path(key)) is \(found)")
            return
        }
        switch info.kind {
        case .directory:
            try visitFolder(name, in: folder, key: key, path: path, rules: rules, old: old, info)
        case .symlink:
            try visitLink(name, in: folder, key: key, old: old, info)
        case .file:
            try visitFile(name, in: folder, key: key, old: old, info)
        case .other:
            note("\(localPath(key)): left out, neither file, folder nor link")
            if let old, isMirror { try remove(old) }
        }
    }

    private func visitFolder(
        _ name: String, in parent: LocalFolder, key: String, path: [[UInt8]], rules: IgnoreStack,
        old: Entry?, _ info: LocalFolder.Info
    ) throws {
        if let storeFolder, storeFolder.inode == info.inode, storeFolder.device == info.device {
            note("\(localPath(key)): left out, it holds the drive's own keys")
            return
        }
        let folder: LocalFolder
        do {
            folder = try parent.folder(name)
        } catch {
            return try lost(key, error, old)
        }
        try putFolder(key, old: old, info)
        let isInDrive = old?.stat.kind == .directory
        try visit(folder, key: key, path: path, rules: rules, isInDrive: isInDrive)
    }

    func putFolder(_ key: String, old: Entry?, _ info: LocalFolder.Info) throws {
        try put(key, old: old, .directory(mode: info.permissions, mtime: info.mtime))
    }

    private func visitLink(
        _ name: String, in folder: LocalFolder, key: String, old: Entry?, _ info: LocalFolder.Info
    ) throws {
        do {
            guard let target = try folder.target(name) else {
                note("\(localPath(key)): left out, its target is not text or too long")
                return
            }
            if let old, old.stat.kind == .directory { try remove(old) }
            try put(
                key, old: old,
                .symlink(target, mode: info.permissions, mtime: info.mtime))
        } catch let fault as LocalFault {
            try lost(key, fault, old)
        }
    }

    /// Sets the entry of a folder or link unless the drive has the same.
    private func put(_ key: String, old: Entry?, _ new: Stat) throws {
        if let old, !old.isImplicit, old.stat.kind == new.kind, old.stat.mode == new.mode,
            old.stat.mtime == new.mtime, old.stat.linkname == new.linkname
        {
            return
        }
        var stat = Self.keeping(old, new)
        if new.kind == .directory { (stat.offset, stat.byteOffset) = writer.position }
        writer.add(.put(path: DrivePath.path(key), stat: stat))
        try commitIfDue()
    }

    /// The new description with what the folder knows nothing of.
    static func keeping(_ old: Entry?, _ new: Stat) -> Stat {
        guard let old, !old.isImplicit, old.stat.kind == new.kind else { return new }
        var stat = new
        stat.uid = old.stat.uid
        stat.gid = old.stat.gid
        stat.ctime = old.stat.ctime
        stat.attributes = old.stat.attributes
        return stat
    }

    /// Deletes an entry and everything below it, except nested drives.
    func remove(_ entry: Entry) throws {
        guard entry.mount == nil else { return }
        if entry.stat.kind == .directory {
            // Of the version that it began with, whatever is committed meanwhile.
            let walk = try drive.walk(entry.path)
            try walk.forEach { inner in
                guard !inner.isImplicit, inner.mount == nil else { return }
                inPlace?.release(inner)
                writer.add(.delete(path: inner.path))
                try commitIfDue()
            }
        }
        if !entry.isImplicit {
            inPlace?.release(entry)
            writer.add(.delete(path: entry.path))
        }
        try commitIfDue()
    }

    /// What the drive has in a folder, by name.
    private func known(_ key: String) throws -> [Entry] {
        do {
            return try drive.list(DrivePath.path(key))
        } catch let error as DriveError where [.notFound, .notDirectory].contains(error.code) {
            return []
        }
    }

    /// An entry that cannot be read. What is gone is deleted; what is merely locked away keeps
    /// what the drive has of it.
    func lost(_ key: String, _ fault: LocalFault, _ old: Entry?) throws {
        if fault.isGone {
            if let old, isMirror { try remove(old) }
        } else {
            note("\(localPath(key)): left out, \(fault.text)")
        }
    }

    private func names(in folder: LocalFolder, _ key: String) throws -> [String]? {
        do {
            let (names, unreadable) = try folder.names()
            if unreadable > 0 {
                note("\(localPath(key)): \(unreadable) names left out, they are not UTF-8")
            }
            return names
        } catch {
            note("\(localPath(key)): left out, \(error.text)")
            return nil
        }
    }
}
