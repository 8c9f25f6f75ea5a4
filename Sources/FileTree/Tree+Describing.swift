import Glibc
import Hyperdrive

/// What `setattr` changes; nil = stays.
public struct AttributeChanges: Sendable {
    /// A time to set.
    public enum Time: Sendable {
        /// That of the moment.
        case now
        /// Milliseconds since 1970; earlier ones cannot be kept and become 1970.
        case at(UInt64)
    }

    /// Permission bits.
    public var mode: UInt32?
    /// Owner, kept in the drive.
    public var uid: UInt32?
    /// Group, kept in the drive.
    public var gid: UInt32?
    /// Bytes of the file.
    public var size: UInt64?
    /// Time of the last change of the bytes.
    public var mtime: Time?
    /// Whether the time of access is set, which no drive keeps: the description counts as changed.
    public var isAccessed = false

    /// Changes nothing.
    public init() {}
}

/// Changing descriptions.
extension Tree {
    /// Changes what `stat` shows, and the size.
    @discardableResult
    public func setAttributes(
        inode: UInt64, _ changes: AttributeChanges, reply: @escaping Reply<Attributes>
    ) -> Pending? {
        change(on: inode, reply) { [self] node in
            let item = try item(of: node)
            if let size = changes.size { try resizeFile(item, of: node, to: size) }
            let isDescribed =
                changes.mode != nil || changes.uid != nil || changes.gid != nil
                || changes.mtime != nil || changes.isAccessed
            if isDescribed {
                item.describe { $0.apply(changes) }
                register(item, of: node)
                spread(node)
            }
            return attributes(of: node, item.stat)
        }
    }

    private func resizeFile(_ item: Item, of node: Inode, to size: UInt64) throws {
        let stat = item.stat
        guard stat.kind == .file else {
            throw PosixError(stat.kind == .directory ? EISDIR : EINVAL, "not a file")
        }
        guard stat.mount == nil else { throw PosixError(EPERM, "its bytes are in another feed") }
        try resize(item, of: node, to: size)
    }

    /// Changes a file's size; what is new is zeros. Within the gate.
    func resize(_ item: Item, of node: Inode, to size: UInt64) throws {
        guard let writer = node.origin?.volume.writer else { throw PosixError.readOnly }
        guard size <= Limits.fileBytes else { throw PosixError(EFBIG, "\(size) bytes") }
        let old = item.stat.size
        // Zeros take place in the drive like all others.
        if size > old { try writer.area.reserve((size - old) / 2) }
        // A commit may freeze the stage before it is used.
        while try !item.change({ $0.resize(to: size) }) {
            try item.openStage(in: writer.area)
            register(item, of: node)
        }
        spread(node, bytes: min(old, size)..<max(old, size))
    }

    /// Sets an extended attribute; `flags` as in setxattr. EOPNOTSUPP but for `user.*`.
    @discardableResult
    public func setAttribute(
        inode: UInt64, name: String, value: [UInt8], flags: Int32, reply: @escaping Reply<Void>
    ) -> Pending? {
        change(on: inode, reply) { [self] node in
            try checkAttribute(name)
            let item = try item(of: node)
            var attributes = item.stat.attributes
            let index = attributes.firstIndex { $0.name == name && $0.value != nil }
            // XATTR_CREATE and XATTR_REPLACE.
            if flags & 1 != 0, index != nil { throw PosixError(EEXIST, "\(name) exists") }
            if flags & 2 != 0, index == nil { throw PosixError(ENODATA, "no \(name)") }
            if let index {
                attributes[index].value = value
            } else {
                attributes.removeAll { $0.name == name }
                attributes.append((name, value))
            }
            let bytes = attributes.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
            guard bytes <= Limits.attributeBytes, attributes.count <= Limits.attributes else {
                throw PosixError(ENOSPC, "\(bytes) bytes in \(attributes.count) attributes")
            }
            item.describe { $0.attributes = attributes }
            register(item, of: node)
            spread(node)
        }
    }

    /// Removes an extended attribute; ENODATA when there is none.
    @discardableResult
    public func removeAttribute(
        inode: UInt64, name: String, reply: @escaping Reply<Void>
    ) -> Pending? {
        change(on: inode, reply) { [self] node in
            try checkAttribute(name)
            let item = try item(of: node)
            var attributes = item.stat.attributes
            guard attributes.contains(where: { $0.name == name && $0.value != nil }) else {
                throw PosixError(ENODATA, "no \(name)")
            }
            attributes.removeAll { $0.name == name }
            item.describe { $0.attributes = attributes }
            register(item, of: node)
            spread(node)
        }
    }

    private func checkAttribute(_ name: String) throws(PosixError) {
        guard name.hasPrefix("user.") else {
            throw PosixError(EOPNOTSUPP, "only user attributes are kept, not \(name)")
        }
        guard !name.hasPrefix("user.hyperfs.") else {
            throw PosixError(EPERM, "\(name) is made by hyperfs")
        }
        guard name != "user." else { throw PosixError(EINVAL, "an attribute without a name") }
        guard name.utf8.count <= Limits.nameBytes else {
            throw PosixError(ERANGE, "a name of \(name.utf8.count) bytes")
        }
    }
}

extension Stat {
    fileprivate mutating func apply(_ changes: AttributeChanges) {
        if let mode = changes.mode { self.mode = self.mode & S_IFMT | mode & 0o7777 }
        if let uid = changes.uid { self.uid = uid }
        if let gid = changes.gid { self.gid = gid }
        switch changes.mtime {
        case .now: mtime = WallClock.milliseconds
        case .at(let time): mtime = min(max(time, 1), Limits.integer)
        case nil: break
        }
    }
}
