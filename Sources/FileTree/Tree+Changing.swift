import Glibc
import Hypercore
import Hyperdrive

/// What all changes have in common.
extension Tree {
    /// A name in a folder that can be changed.
    struct Slot: Sendable {
        let folder: Inode
        let home: Inode.Location
        let writer: Writer
        let name: String
        var volume: Volume { home.volume }
        var path: String { Place.join(home.path, name) }
        var place: Place { Place(volume: home.volume.id, path: path) }
    }

    /// Answers with what `attempt` makes of the tree while nobody else looks at it. It changes
    /// nothing before it has everything it needs.
    func change<T: Sendable>(
        on node: UInt64, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable (Inode) throws -> T
    ) -> Pending? {
        guard let inode = table.inode(node) else {
            reply(.failure(.stale))
            return nil
        }
        guard let volume = inode.origin?.volume, let writer = volume.writer else {
            reply(.failure(.readOnly))
            return nil
        }
        writer.waitForRoom()
        defer { writer.soon() }
        return answer(on: volume, changing: true, reply) { try attempt(inode) }
    }

    /// The place of a name in a folder, if it can be changed.
    func slot(_ name: String, in folder: Inode) throws -> Slot {
        guard let home = folder.home, let writer = home.volume.writer else {
            throw PosixError.readOnly
        }
        if folder.state.withLock({ $0.isRemoved }) {
            throw PosixError(ENOENT, "the folder was removed")
        }
        guard try stat(of: folder).kind == .directory else { throw PosixError.noFolder }
        if folder === table.root, name == Tree.folderName {
            throw PosixError(EPERM, "\(name) belongs to hyperfs")
        }
        guard name.utf8.count <= Limits.nameBytes else {
            throw PosixError(ENAMETOOLONG, "a name of \(name.utf8.count) bytes")
        }
        let slot = Slot(folder: folder, home: home, writer: writer, name: name)
        let path = slot.path
        let names = path.utf8.reduce(0) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }
        guard path.utf8.count <= Limits.pathBytes, names <= Limits.pathNames else {
            throw PosixError(ENAMETOOLONG, "a path of \(path.utf8.count) bytes, \(names) names")
        }
        return slot
    }

    /// The item of a node, made when there is none.
    func item(of node: Inode) throws -> Item {
        if let item = node.item { return item }
        guard let origin = node.origin, origin.volume.writer != nil else {
            throw PosixError.readOnly
        }
        var new = Item(try stat(of: node), of: origin.volume.drive, isNew: false)
        if !node.state.withLock({ $0.isRemoved }),
            case .item(let known)? = origin.volume.writer?.overlay[origin.place]
        {
            new = known
        }
        return node.state.withLock { state in
            if let item = state.item { return item }
            state.item = new
            return new
        }
    }

    /// Notes that a node's item differs from what the drive has. Within the gate.
    func register(_ item: Item, of node: Inode) {
        guard let origin = node.origin, let writer = origin.volume.writer,
            !node.state.withLock({ $0.isRemoved || $0.isDetached })
        else { return }
        writer.overlay.set(.item(item), at: origin.place)
        // Lists that are being read have its old attributes.
        if let folder = table.inode(at: origin.place.parent) { relist(folder) }
    }

    /// A folder's names changed: so do its times, and its list.
    func touch(_ folder: Inode) throws {
        let item = try item(of: folder)
        item.describe { $0.mtime = WallClock.milliseconds }
        register(item, of: folder)
        relist(folder)
    }

    func relist(_ folder: Inode) { folder.state.withLock { $0.listingChange += 1 } }

    /// Puts a new item at a place that is free, and tells the kernel of it.
    func add(_ stat: Stat, at slot: Slot) throws -> (inode: Inode, item: Item) {
        var stat = stat
        let folder = try item(of: slot.folder).stat
        if folder.mode & S_ISGID != 0 {
            if configuration.showsOwners { stat.gid = folder.gid }
            if stat.kind == .directory { stat.mode |= S_ISGID }
        }
        let item = Item(stat, of: slot.volume.drive, isNew: true)
        try touch(slot.folder)
        slot.writer.overlay.set(.item(item), at: slot.place)
        let child = Child(item, name: slot.name)
        return (try enter(child, below: slot.folder, in: slot.home), item)
    }

    /// Takes the name away from whatever is there.
    func drop(_ child: Child, at slot: Slot) {
        slot.writer.overlay.set(.removed, at: slot.place)
        guard let inode = table.inode(at: slot.place) else { return }
        inode.state.withLock { state in
            state.stat = state.stat ?? child.stat
            state.isRemoved = true
        }
        inode.item?.describe { _ in }
        table.detach(inode)
    }
}

/// Who made a new entry, and how it may be used.
public struct Making: Sendable {
    /// Permission bits, the mask applied.
    public var mode: UInt32
    /// Owner, kept where owners are shown.
    public var uid: UInt32
    /// Group, likewise.
    public var gid: UInt32

    /// Permissions and owner of a new entry.
    public init(mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
    }
}
