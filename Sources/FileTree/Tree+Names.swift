import Glibc
import Hypercore
import Hyperdrive

/// Names, attributes, links.
extension Tree {
    /// The node of a name in a folder, counted until `forget`. ENOENT only when the drive says so.
    @discardableResult
    public func lookup(parent: UInt64, name: String, reply: @escaping Reply<Attributes>) -> Pending?
    {
        guard let folder = table.inode(parent) else {
            reply(.failure(.stale))
            return nil
        }
        if name.utf8.count > Limits.nameBytes {
            reply(.failure(PosixError(ENAMETOOLONG, "a name of \(name.utf8.count) bytes")))
            return nil
        }
        if let roof, folder === table.root, name != Tree.folderName {
            return lookup(name, under: roof, reply: reply)
        }
        return answer(on: folder.home?.volume, reply) { [self] in
            try found(name, in: folder)
        }
    }

    private func found(_ name: String, in folder: Inode) throws -> Attributes {
        if let virtual = try controlChild(name, of: folder) { return virtual }
        guard let home = folder.home else {
            throw PosixError(ENOENT, "no \(name) in this folder")
        }
        let path = Place.join(home.path, name)
        if path.utf8.count > Limits.pathBytes {
            throw PosixError(ENAMETOOLONG, "a path of \(path.utf8.count) bytes")
        }
        guard let child = try home.volume.child(at: path, name: name) else {
            throw PosixError(ENOENT, "no \(path) in drive \(home.volume.drive.key)")
        }
        let inode = try enter(child, below: folder, in: home)
        return attributes(of: inode, inode.stat ?? child.stat)
    }

    /// The kernel has dropped `count` of the names it was told for a node.
    public func forget(inode: UInt64, count: UInt64) { table.forget(inode, count: count) }

    /// What `stat` shows. Never waits for what the kernel was told of before.
    @discardableResult
    public func attributes(inode: UInt64, reply: @escaping Reply<Attributes>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        return answer(on: node.home?.volume, reply) { [self] in
            if let virtual = controlAttributes(of: node) { return virtual }
            return attributes(of: node, try stat(of: node))
        }
    }

    /// The target as it is stored, relative or absolute: never followed here.
    @discardableResult
    public func readLink(inode: UInt64, reply: @escaping Reply<String>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        return answer(on: node.home?.volume, reply) { [self] in
            let stat = try stat(of: node)
            guard stat.kind == .symlink, let target = stat.linkname else {
                throw PosixError(EINVAL, "not a symbolic link")
            }
            return target
        }
    }

    /// Whether a mask of R_OK, W_OK and X_OK is granted. The kernel checks modes itself when it
    /// was mounted with `default_permissions`; what is left is that nothing can be written.
    @discardableResult
    public func access(inode: UInt64, mask: Int32, reply: @escaping Reply<Void>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        return answer(on: node.home?.volume, reply) { [self] in
            if mask & W_OK != 0, node.home?.volume.writer == nil { throw PosixError.readOnly }
            guard mask & X_OK != 0, node.home != nil else { return }
            let stat = try stat(of: node)
            if stat.kind == .file, stat.mode & 0o111 == 0 {
                throw PosixError(EACCES, "not executable")
            }
        }
    }
}
