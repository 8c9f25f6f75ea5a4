import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive

/// From entries of a drive to nodes of the kernel.
extension Tree {
    func node(_ id: UInt64) throws(PosixError) -> Inode {
        guard let inode = table.inode(id) else { throw .stale }
        return inode
    }

    /// What the shown version says of a node.
    func stat(of inode: Inode) throws -> Stat {
        if let stat = inode.stat { return stat }
        guard let origin = inode.origin else { throw PosixError.stale }
        if inode === table.root, rootVolume.writer?.overlay[Place(origin.path)] == nil {
            return rootStat()
        }
        guard let child = try origin.volume.child(at: origin.path) else {
            throw PosixError.stale
        }
        inode.state.withLock { state in
            if !state.isDetached { state.stat = child.stat }
        }
        return child.stat
    }

    /// The root of a drive has no entry of its own and must answer while nothing is known.
    private func rootStat() -> Stat {
        if let view = try? rootVolume.view(), let entry = try? view.entry("/") {
            return entry.stat
        }
        return Stat(mode: 0o040755)
    }

    /// The node of a child that was found in the shown version, counted as told to the kernel.
    func enter(_ child: Child, below folder: Inode, in home: Inode.Location) throws -> Inode {
        let path = Place.join(home.path, child.name)
        let origin = Inode.Location(volume: home.volume, path: path)
        let fits = { (inode: Inode) in
            if let item = child.item, let own = inode.item { return item === own }
            return inode.stat.map { $0.isSameNode(as: child.stat) }
                ?? (child.stat.kind == .directory)
        }
        let inner =
            try nestedHome(child, at: origin, known: table.inode(at: origin.place)) ?? origin
        let number = InodeTable.Number(
            preferred: inner.volume.inodeNumber(of: inner.path),
            isExclusive: origin.volume.writer != nil)
        let inode = table.enter(at: origin.place, number: number, fits: fits) {
            Inode(id: $0, number: $1, parentNumber: folder.number, home: inner, origin: origin)
        }
        inode.state.withLock { state in
            state.item = child.item ?? state.item
            state.stat = child.stat
        }
        return inode
    }

    /// Where the children of a nested drive's root live.
    private func nestedHome(
        _ child: Child, at origin: Inode.Location, known: Inode?
    ) throws -> Inode.Location? {
        guard let identity = child.nested else { return nil }
        if let home = known?.home, home.volume.chain.last == identity { return home }
        let outer = origin.volume
        guard !outer.chain.contains(identity), outer.chain.count < Limits.nestingDepth else {
            throw PosixError(ELOOP, "drive \(identity.key) is nested in itself")
        }
        let drive = try Drive(
            store: outer.drive.store, key: identity.key, version: identity.version)
        let isFixed = outer.isFixed || identity.version != nil
        let volume = outer.nested(
            id: newVolumeID(), drive: drive, at: origin.path,
            writer: isFixed ? nil : writer(of: drive))
        follow(volume)
        return Inode.Location(volume: volume, path: "/")
    }

    /// What `stat` shows.
    func attributes(of inode: Inode, _ stat: Stat) -> Attributes {
        let volume = inode.home?.volume
        let stat = withRootTimes(stat, inode)
        let size = size(of: stat, in: volume)
        let isStaged = inode.item?.facts.withLock { $0.isStaged } ?? false
        let local = isStaged ? size : localBytes(of: stat, in: volume, size: size)
        let isFolder = stat.kind == .directory
        let isLive = stat.mount?.isHypercore == true
        let isComplete = isFolder || local >= size
        let isRemoved = inode.state.withLock { state in
            if !isComplete { state.partialTold = true }
            return state.isRemoved
        }
        return Attributes(
            node: inode.id, inode: inode.number, mode: mode(of: stat, in: volume), size: size,
            // A known file is never empty-handed: its entry is stored here. And `tar --sparse`
            // takes a file of no blocks for one of zeros.
            blocks512: size == 0 ? 0 : max(1, (local + 511) / 512),
            uid: configuration.showsOwners ? stat.uid : configuration.uid,
            gid: configuration.showsOwners ? stat.gid : configuration.gid,
            mtime: stat.mtime, ctime: stat.ctime,
            linkCount: isRemoved ? 0 : isFolder ? 2 : 1, device: volume?.device ?? 0,
            validSeconds: isLive
                ? 0 : isComplete ? Limits.validSeconds : Limits.partialValidSeconds,
            nameValidSeconds: Limits.validSeconds)
    }

    /// The root of a nested drive is as new as the drive's own root and the place it is nested at.
    private func withRootTimes(_ stat: Stat, _ inode: Inode) -> Stat {
        guard let home = inode.home, home.path == "/", let origin = inode.origin,
            origin.volume !== home.volume, let root = try? home.volume.child(at: "/")
        else { return stat }
        var stat = stat
        stat.mtime = max(stat.mtime, root.stat.mtime)
        stat.ctime = max(stat.ctime, root.stat.ctime)
        return stat
    }

    private func mode(of stat: Stat, in volume: Volume?) -> UInt32 {
        let isOwn = volume?.drive.isWritable ?? true
        let permissions = stat.mode & (isOwn ? 0o7777 : 0o1777)
        switch stat.kind {
        case .directory: return 0o040000 | permissions
        case .symlink: return 0o120777
        case .file: return 0o100000 | permissions
        // Devices and sockets of somebody else's machine: visible, of no use.
        case .other: return 0o100000
        }
    }

    private func size(of stat: Stat, in volume: Volume?) -> UInt64 {
        switch stat.kind {
        case .directory, .other: return 0
        case .symlink: return UInt64((stat.linkname ?? "").utf8.count)
        case .file:
            guard let mount = stat.mount, mount.isHypercore, let store = volume?.drive.store,
                store.isStored(mount.key), let feed = try? store.feed(key: mount.key)
            else { return stat.size }
            return max(stat.size, feed.byteLength)
        }
    }

    /// Bytes of a file that are stored here, to the mean size of its blocks.
    func localBytes(of stat: Stat, in volume: Volume?, size: UInt64) -> UInt64 {
        guard stat.kind == .file else { return size }
        let blocks = stat.contentBlocks
        guard stat.mount == nil, !blocks.isEmpty, let feed = volume?.knownContent else {
            return 0
        }
        let local = feed.localBlocks(in: blocks)
        if local >= UInt64(blocks.count) { return size }
        return size / UInt64(blocks.count) * local
    }
}
