import Glibc
import Hyperdrive

/// Removing names.
extension Tree {
    /// Removes the name of a file or link. Who has it open keeps it.
    @discardableResult
    public func remove(parent: UInt64, name: String, reply: @escaping Reply<Void>) -> Pending? {
        changeNames(in: parent, reply) { [self] folder in
            let (slot, child) = try existing(name, in: folder)
            if child.stat.kind == .directory { throw PosixError(EISDIR, "\(slot.path)") }
            try touch(folder)
            drop(child, at: slot)
        }
    }

    /// Removes an empty folder.
    @discardableResult
    public func removeFolder(
        parent: UInt64, name: String, reply: @escaping Reply<Void>
    ) -> Pending? {
        changeNames(in: parent, reply) { [self] folder in
            let (slot, child) = try existing(name, in: folder)
            try requireEmptyFolder(child, at: slot)
            try touch(folder)
            drop(child, at: slot)
        }
    }

    func existing(_ name: String, in folder: Inode) throws -> (slot: Slot, child: Child) {
        let slot = try slot(name, in: folder)
        guard let child = try slot.volume.child(at: slot.path) else {
            throw PosixError(ENOENT, "no \(slot.path)")
        }
        return (slot, child)
    }

    func requireEmptyFolder(_ child: Child, at slot: Slot) throws {
        guard child.stat.kind == .directory else {
            throw PosixError(ENOTDIR, "\(slot.path) is not a folder")
        }
        if child.nested != nil {
            throw PosixError(
                EBUSY, "a drive is nested at \(slot.path); 'hyperfs unlink' removes it")
        }
        let home = Inode.Location(volume: slot.volume, path: slot.path)
        guard slot.volume.children(of: slot.path, shown: try shownList(home)).isEmpty else {
            throw PosixError(ENOTEMPTY, "\(slot.path) is not empty")
        }
    }
}
