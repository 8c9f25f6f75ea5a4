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
        /// In this tree.
        var place: Place { Place(volume: home.volume.id, path: path) }
        /// In the drive.
        var key: Place { Place(path) }
    }

    /// Answers with what `attempt` makes of a node's description or bytes while nobody else looks
    /// at the tree. It changes nothing before it has everything it needs.
    func change<T: Sendable>(
        on node: UInt64, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable (Inode) throws -> T
    ) -> Pending? {
        change(node, { $0.origin }, reply, attempt)
    }

    /// The same for the names in a folder: in a nested drive's root they are those of that drive,
    /// while its description is that of the place it is nested at.
    func changeNames<T: Sendable>(
        in node: UInt64, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable (Inode) throws -> T
    ) -> Pending? {
        change(node, { $0.home }, reply, attempt)
    }

    private func change<T: Sendable>(
        _ node: UInt64, _ location: (Inode) -> Inode.Location?, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable (Inode) throws -> T
    ) -> Pending? {
        guard let inode = table.inode(node) else {
            reply(.failure(.stale))
            return nil
        }
        guard let volume = location(inode)?.volume, let writer = volume.writer else {
            reply(.failure(.readOnly))
            return nil
        }
        do throws(PosixError) {
            try writer.checkAlone()
        } catch {
            reply(.failure(error))
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
        guard let origin = node.origin, let writer = origin.volume.writer else {
            throw PosixError.readOnly
        }
        let stat = try stat(of: node)
        let make = { Item(stat, of: origin.volume.drive, isNew: false) }
        let isAlone = node.state.withLock { $0.isRemoved || $0.isDetached }
        let found = isAlone ? make() : writer.item(at: Place(origin.path), make: make)
        return node.state.withLock { state in
            if let item = state.item { return item }
            state.item = found
            return found
        }
    }

    /// Notes that a node's item differs from what the drive has. Within the gate.
    func register(_ item: Item, of node: Inode) {
        guard let origin = node.origin, let writer = origin.volume.writer,
            !node.state.withLock({ $0.isRemoved || $0.isDetached })
        else { return }
        writer.overlay.set(.item(item), at: Place(origin.path))
        // Lists that are being read have its old attributes.
        if let folder = table.inode(at: origin.place.parent) { relist(folder) }
    }

    /// A folder's names changed: so do its times, and its list.
    func touch(_ folder: Inode) throws {
        relist(folder)
        if let home = folder.home, home.place != folder.origin?.place {
            return try touchRoot(of: home.volume)
        }
        let item = try item(of: folder)
        item.describe { $0.mtime = WallClock.milliseconds }
        register(item, of: folder)
        spread(folder)
    }

    /// A nested drive's root has times of its own, next to those of the place it is nested at.
    private func touchRoot(of volume: Volume) throws {
        guard let writer = volume.writer else { throw PosixError.readOnly }
        let root = Place("/")
        let stat = try volume.child(at: "/")?.stat ?? Stat(mode: 0o040755)
        let item = writer.item(at: root) { Item(stat, of: volume.drive, isNew: false) }
        item.describe { $0.mtime = WallClock.milliseconds }
        writer.overlay.set(.item(item), at: root)
        spread(item, at: "/", from: volume)
    }

    func relist(_ folder: Inode) { folder.state.withLock { $0.listingChange += 1 } }

    /// Puts a new item at a place that is free, and tells the kernel of it.
    func add(_ stat: Stat, at slot: Slot) throws -> (inode: Inode, item: Item) {
        var stat = stat
        let folder = try self.stat(of: slot.folder)
        if folder.mode & S_ISGID != 0 {
            if configuration.showsOwners { stat.gid = folder.gid }
            if stat.kind == .directory { stat.mode |= S_ISGID }
        }
        let item = Item(stat, of: slot.volume.drive, isNew: true)
        try touch(slot.folder)
        slot.writer.overlay.set(.item(item), at: slot.key)
        slot.writer.items.put(item, at: slot.key)
        for site in slot.volume.showing.sites(besides: slot.volume) {
            site.tree.takeName(at: site.volume.place(slot.path))
        }
        let child = Child(item, name: slot.name)
        return (try enter(child, below: slot.folder, in: slot.home), item)
    }

    /// Takes the name away from whatever is there, at all places where the drive is shown.
    func drop(_ child: Child, at slot: Slot) {
        slot.writer.overlay.set(.removed, at: slot.key)
        slot.writer.items.forget(slot.key)
        drop(child.stat, at: slot.place)
        for site in slot.volume.showing.sites(besides: slot.volume) {
            let place = site.volume.place(slot.path)
            site.tree.drop(child.stat, at: place)
            site.tree.takeName(at: place)
        }
    }

    private func drop(_ stat: Stat, at place: Place) {
        guard let inode = table.inode(at: place) else { return }
        inode.state.withLock { state in
            state.stat = state.stat ?? stat
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
