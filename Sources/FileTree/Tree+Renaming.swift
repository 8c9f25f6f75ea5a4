import Glibc
import Hyperdrive

/// Linux's flags of renameat2, which Glibc's module leaves out.
public enum RenameFlags {
    /// The target must not exist.
    public static let noReplace: UInt32 = 1
    /// Both exist and trade places.
    public static let exchange: UInt32 = 2
}

/// Renaming: files, links and whole folders, as one change of the drive.
extension Tree {
    /// Renames, and replaces what is there; `flags` as in renameat2. EXDEV between two drives, and
    /// for a folder with more in it than one change can hold: `mv` copies then.
    @discardableResult
    public func rename(
        from parent: UInt64, name: String, to newParent: UInt64, newName: String, flags: UInt32,
        reply: @escaping Reply<Void>
    ) -> Pending? {
        changeNames(in: parent, reply) { [self] folder in
            guard flags & ~(RenameFlags.noReplace | RenameFlags.exchange) == 0,
                flags != RenameFlags.noReplace | RenameFlags.exchange
            else { throw PosixError(EINVAL, "rename flags \(flags)") }
            let (source, child) = try existing(name, in: folder)
            guard let newFolder = table.inode(newParent) else { throw PosixError.stale }
            guard newFolder.home?.volume === source.volume else {
                throw PosixError(EXDEV, "the target is in another drive")
            }
            let target = try slot(newName, in: newFolder)
            try rename(child, from: source, to: target, flags: flags)
        }
    }

    private func rename(
        _ child: Child, from source: Slot, to target: Slot, flags: UInt32
    ) throws {
        let old = try target.volume.child(at: target.path)
        let isExchange = flags == RenameFlags.exchange
        if flags == RenameFlags.noReplace, old != nil {
            throw PosixError(EEXIST, "\(target.path) exists")
        }
        if isExchange, old == nil { throw PosixError(ENOENT, "no \(target.path)") }
        if source.place == target.place { return }
        if child.nested != nil || old?.nested != nil {
            throw PosixError(EBUSY, "a drive is nested there")
        }
        if target.place.isBelow(source.place) || (isExchange && source.place.isBelow(target.place))
        {
            throw PosixError(EINVAL, "a folder cannot be moved into itself")
        }
        if let old, !isExchange { try checkReplacing(old, with: child, at: target) }
        // Everything that may fail comes before anything is changed.
        let moving = try moves(child, from: source, to: target)
        var trading: [Move] = []
        if isExchange, let old { trading = try moves(old, from: target, to: source) }
        guard moving.count + trading.count <= Limits.renamedEntries else {
            throw PosixError.tooMany
        }
        try touch(source.folder)
        if source.folder !== target.folder { try touch(target.folder) }
        if let old, !isExchange { drop(old, at: target) }
        let overlay = source.writer.overlay
        let items = source.writer.items
        for move in moving + trading {
            overlay.set(.removed, at: move.from)
            items.forget(move.from)
        }
        for move in moving + trading {
            overlay.set(.item(move.item), at: move.to)
            items.put(move.item, at: move.to)
        }
        let isFolder = child.stat.kind == .directory || old?.stat.kind == .directory
        table.move(
            from: source.place, to: target.place, exchanging: isExchange, isFolder: isFolder)
        for move in moving + trading { adopt(move, in: source.volume) }
        for site in source.volume.showing.sites(besides: source.volume) {
            site.tree.takeMove(
                from: site.volume.place(source.path), to: site.volume.place(target.path),
                exchanging: isExchange, isFolder: isFolder)
            for move in moving + trading { site.tree.adopt(move, in: site.volume) }
        }
        settle(moving.first, below: target.folder)
        settle(trading.first, below: source.folder)
    }

    /// Places are those of the drive.
    private struct Move {
        let item: Item
        let from: Place
        let to: Place
    }

    private func checkReplacing(_ old: Child, with child: Child, at target: Slot) throws {
        if child.stat.kind == .directory {
            try requireEmptyFolder(old, at: target)
        } else if old.stat.kind == .directory {
            throw PosixError(EISDIR, "\(target.path) is a folder")
        }
    }

    /// Everything at and below a place, the place itself first.
    private func moves(_ child: Child, from source: Slot, to target: Slot) throws -> [Move] {
        var found = [(path: source.path, child: child)]
        if child.stat.kind == .directory {
            found += try source.volume.descendants(
                of: source.path, limit: Limits.renamedEntries)
        }
        let longest = found.map { $0.path.utf8.count }.max() ?? 0
        guard longest - source.path.utf8.count + target.path.utf8.count <= Limits.pathBytes else {
            throw PosixError(ENAMETOOLONG, "paths below \(target.path) would be too long")
        }
        return found.compactMap { path, child in
            let from = Place(path)
            guard let to = from.moved(from: source.key, to: target.key) else { return nil }
            let item =
                child.item
                ?? source.writer.item(at: from) {
                    Item(child.stat, of: source.volume.drive, isNew: false)
                }
            return Move(item: item, from: from, to: to)
        }
    }

    /// A node that the kernel knows goes on as the item.
    private func adopt(_ move: Move, in volume: Volume) {
        table.inode(at: volume.place(move.to.path))?.state.withLock { $0.item = move.item }
    }

    /// What was renamed itself has a new time of change, and its node another folder.
    private func settle(_ move: Move?, below folder: Inode) {
        guard let move else { return }
        move.item.describe { _ in }
        guard let volume = folder.home?.volume else { return }
        table.inode(at: volume.place(move.to.path))?.state.withLock {
            $0.parentNumber = folder.number
        }
    }
}
