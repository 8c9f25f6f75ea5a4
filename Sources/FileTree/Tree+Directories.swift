import Glibc
import Hypercore
import Hyperdrive

/// Listing folders.
extension Tree {
    /// Opens a folder with the list it has now.
    @discardableResult
    public func openDirectory(inode: UInt64, reply: @escaping Reply<Opened>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        return answer(on: node.home?.volume, reply) { [self] in
            let children = try controlList(of: node) ?? list(node)
            let long = node.home.flatMap { listings.long($0.place) }
            let (change, isKept) = node.state.withLock { state in
                defer { state.listingTold = state.listingChange }
                return (state.listingChange, state.listingTold == state.listingChange)
            }
            let handle = directories.add(
                OpenDirectory(inode: node, children: children, change: change, long: long))
            let isDirect = node.home == nil
            return Opened(handle: handle, keepsCache: isKept && !isDirect, isDirect: isDirect)
        }
    }

    private func list(_ node: Inode) throws -> [Child] {
        guard let home = node.home else { throw PosixError(ENOTDIR, "not a folder") }
        if try stat(of: node).kind != .directory { throw PosixError(ENOTDIR, "not a folder") }
        if node.state.withLock({ $0.isRemoved }) { return [] }
        return home.volume.children(of: home.path, shown: try shownList(home))
    }

    /// What the shown version has in a folder. Throws `LongList.Incomplete` for what cannot be had
    /// while somebody waits.
    func shownList(_ home: Inode.Location) throws -> [Child] {
        if let children = listings[home.place] { return children }
        if let long = listings.long(home.place) {
            guard let children = try long.children() else { throw LongList.Incomplete(list: long) }
            return children
        }
        let found: Volume.Found
        found = try home.volume.shownChildren(of: home.path, atMost: Limits.listedAtOnce) {
            complainOfHidden($0, in: home.volume)
        }
        if let walk = found.rest {
            let long = LongList(
                home.path, walk, found: found.children, limit: configuration.listedEntriesMax)
            throw LongList.Incomplete(list: listings.begin(long, at: home.place))
        }
        listings.keep(found.children, at: home.place)
        return found.children
    }

    private func complainOfHidden(_ text: String, in volume: Volume) {
        complain("drive \(volume.drive.key) has something that is not shown: \(text)")
    }

    /// Makes a long list, piece by piece; returns when it is complete or refused.
    func complete(_ list: LongList, of volume: Volume) async throws {
        await listingTurn.begin()
        defer { listingTurn.end() }
        var isOver = false
        while !isOver, !list.isOld {
            try Task.checkCancellation()
            isOver = try await resolve(timeout: configuration.timeout) {
                try list.goOn { complainOfHidden($0, in: volume) }
            }
            // Others have something to answer, too.
            await Task.yield()
        }
        do {
            _ = try list.children()
        } catch {
            listings.refuse(list)
        }
    }

    /// Gives the entries from a position on to `take`, until it refuses one: its position to go on
    /// after, then the entry. With attributes each taken child counts as one lookup. `finish` sends
    /// the reply: whatever changes later is told to the kernel after it.
    public func readDirectory(
        handle: UInt64, from position: Int, withAttributes: Bool,
        take: (Int, DirectoryEntry) -> Bool, finish: () -> Void
    ) throws(PosixError) {
        guard let directory = directories[handle] else { throw .badHandle }
        gate.reading {
            let isCurrent = directory.inode.state.withLock { $0.listingChange == directory.change }
            let withAttributes = withAttributes && isCurrent
            var index = max(0, position)
            while index < directory.children.count + 2 {
                let entry = entry(index, of: directory, withAttributes: withAttributes)
                guard take(index + 1, entry) else {
                    if let refused = entry.attributes { forget(inode: refused.node, count: 1) }
                    break
                }
                index += 1
            }
            finish()
        }
    }

    private func entry(
        _ index: Int, of directory: OpenDirectory, withAttributes: Bool
    ) -> DirectoryEntry {
        let folder = directory.inode
        if index < 2 {
            return DirectoryEntry(
                name: index == 0 ? "." : "..",
                inode: index == 0 ? folder.number : folder.state.withLock { $0.parentNumber },
                mode: 0o040000,
                attributes: nil)
        }
        let child = directory.children[index - 2]
        var attributes: Attributes?
        if withAttributes, !child.isImplicit, let home = folder.home {
            // What cannot be entered (a cycle of drives) is listed; a look-up says why.
            attributes = (try? enter(child, below: folder, in: home)).map {
                self.attributes(of: $0, $0.stat ?? child.stat)
            }
        }
        return DirectoryEntry(
            name: child.name, inode: attributes?.inode ?? number(of: child, in: folder),
            mode: type(of: child), attributes: attributes)
    }

    private func number(of child: Child, in folder: Inode) -> UInt64 {
        let home = folder.home ?? Inode.Location(volume: rootVolume, path: "/.hyperfs")
        let path = Place.join(home.path, child.name)
        if home.volume.writer != nil,
            let known = table.inode(at: Place(volume: home.volume.id, path: path))
        {
            return known.number
        }
        return home.volume.inodeNumber(of: path)
    }

    private func type(of child: Child) -> UInt32 {
        switch child.stat.kind {
        case .directory: 0o040000
        case .symlink: 0o120000
        case .file, .other: 0o100000
        }
    }

    /// Ends a handle.
    public func closeDirectory(handle: UInt64) { _ = directories.remove(handle) }
}
