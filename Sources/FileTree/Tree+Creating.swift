import Glibc
import Hyperdrive

/// New entries.
extension Tree {
    /// What `create` gives: the new file, and a handle of it.
    public struct Created: Sendable {
        /// What `lookup` would have answered, and counted as one.
        public let attributes: Attributes
        /// The handle.
        public let opened: Opened
    }

    /// Makes a file and opens it; opens the one that is there, unless O_EXCL forbids it.
    @discardableResult
    public func create(
        parent: UInt64, name: String, flags: Int32, _ making: Making,
        reply: @escaping Reply<Created>
    ) -> Pending? {
        changeNames(in: parent, reply) { [self] folder in
            let slot = try slot(name, in: folder)
            let isWriter = flags & O_ACCMODE != O_RDONLY
            let inode: Inode
            let item: Item
            if let child = try slot.volume.child(at: slot.path) {
                if flags & O_EXCL != 0 { throw PosixError(EEXIST, "\(slot.path) exists") }
                guard child.stat.kind == .file, child.stat.mount == nil else {
                    let number = child.stat.kind == .directory ? EISDIR : ELOOP
                    throw PosixError(number, "\(slot.path) is not a file")
                }
                inode = try enter(child, below: folder, in: slot.home)
                item = try self.item(of: inode)
                try begin(item, of: inode, flags)
            } else {
                (inode, item) = try add(stat(S_IFREG, making), at: slot)
                if isWriter { item.beginWriting() }
            }
            let opened = opened(
                inode, .item(item, slot.volume), isWriter: isWriter, isDirect: false)
            return Created(attributes: attributes(of: inode, item.stat), opened: opened)
        }
    }

    /// What opening a file does to it. Within the gate.
    func begin(_ item: Item, of node: Inode, _ flags: Int32) throws {
        let isWriter = flags & O_ACCMODE != O_RDONLY
        if isWriter { item.beginWriting() } else if flags & O_TRUNC != 0 { item.keepClosed() }
        guard flags & O_TRUNC != 0 else { return }
        do {
            try resize(item, of: node, to: 0)
        } catch {
            if isWriter { item.facts.withLock { $0.writers -= 1 } }
            throw error
        }
    }

    /// Makes an empty file (mknod); EPERM for devices, pipes and sockets, which no drive can hold.
    @discardableResult
    public func makeNode(
        parent: UInt64, name: String, type: UInt32, _ making: Making,
        reply: @escaping Reply<Attributes>
    ) -> Pending? {
        make(parent, name, reply) { [self] in
            guard type & S_IFMT == S_IFREG || type & S_IFMT == 0 else {
                throw PosixError(EPERM, "a drive holds files, folders and links only")
            }
            return stat(S_IFREG, making)
        }
    }

    /// Makes a folder.
    @discardableResult
    public func makeFolder(
        parent: UInt64, name: String, _ making: Making, reply: @escaping Reply<Attributes>
    ) -> Pending? {
        make(parent, name, reply) { [self] in stat(S_IFDIR, making) }
    }

    /// Makes a symbolic link; its target is kept as it is.
    @discardableResult
    public func makeLink(
        parent: UInt64, name: String, target: String, _ making: Making,
        reply: @escaping Reply<Attributes>
    ) -> Pending? {
        make(parent, name, reply) { [self] in
            guard target.utf8.count <= Limits.linkBytes else {
                throw PosixError(ENAMETOOLONG, "a target of \(target.utf8.count) bytes")
            }
            var stat = stat(S_IFLNK, making)
            stat.linkname = target
            return stat
        }
    }

    private func make(
        _ parent: UInt64, _ name: String, _ reply: @escaping Reply<Attributes>,
        _ stat: @escaping @Sendable () throws -> Stat
    ) -> Pending? {
        changeNames(in: parent, reply) { [self] folder in
            let slot = try slot(name, in: folder)
            guard try slot.volume.child(at: slot.path) == nil else {
                throw PosixError(EEXIST, "\(slot.path) exists")
            }
            let (inode, item) = try add(stat(), at: slot)
            return attributes(of: inode, item.stat)
        }
    }

    private func stat(_ type: UInt32, _ making: Making) -> Stat {
        var stat = Stat(mode: type | making.mode & 0o7777)
        stat.mtime = WallClock.milliseconds
        stat.ctime = stat.mtime
        if configuration.showsOwners {
            stat.uid = making.uid
            stat.gid = making.gid
        }
        return stat
    }
}
