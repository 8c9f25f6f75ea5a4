import Hyperdrive

/// What one change of version does to the nodes and to the kernel. Made and used within the
/// gate's `changing`.
struct Update {
    let table: InodeTable
    let listings: Listings
    /// Entries of the new version, for paths whose node was known shortly before.
    let stats: [Place: Stat]
    /// Places whose newest change is not committed.
    let isCovered: (Place) -> Bool
    private(set) var invalidations: [Tree.Invalidation] = []
    /// Paths whose file is another now: who has the old one open keeps it to himself.
    private(set) var replaced: [String] = []
    private var seen: Set<Place> = []

    init(
        table: InodeTable, listings: Listings, stats: [Place: Stat],
        isCovered: @escaping (Place) -> Bool
    ) {
        self.isCovered = isCovered
        self.table = table
        self.listings = listings
        self.stats = stats
    }

    mutating func note(_ place: Place, _ kind: Drive.Change.Kind) {
        // A folder may exist only because of what is below it: every folder above may have come
        // or gone with an entry.
        for place in kind == .changed ? [place] : place.lineage where seen.insert(place).inserted {
            change(place)
        }
    }

    private mutating func change(_ place: Place) {
        relist(place.parent)
        listings.drop(place)
        let parent = table.inode(at: place.parent)
        guard let inode = table.inode(at: place) else {
            // Perhaps the kernel remembers that there was nothing.
            if let parent { invalidations.append(.entry(parent: parent.id, name: place.name)) }
            return
        }
        // What was changed here covers what the drive says.
        if isCovered(place) { return }
        let old = inode.stat
        let new = stats[Place(place.path)]
        if let old, let new, old.isSameNode(as: new) {
            inode.state.withLock { $0.stat = new }
            inode.item?.follow(new)
            release(inode)
            if old != new { invalidations.append(.attributes(inode.id)) }
            return
        }
        if new == nil, old == nil || old?.kind == .directory, old?.mount == nil {
            // It may be there still, by what is below it: a look-up finds out. Taking a folder's
            // name away would take it from under whoever works in it.
            release(inode)
            inode.state.withLock { $0.stat = nil }
            invalidations.append(.attributes(inode.id))
            if let parent { invalidations.append(.expiry(parent: parent.id, name: place.name)) }
            return
        }
        table.detach(inode)
        replaced.append(place.path)
        if let parent { invalidations.append(.entry(parent: parent.id, name: place.name)) }
    }

    /// The folder's list is another.
    private mutating func relist(_ place: Place) {
        listings.drop(place)
        guard let inode = table.inode(at: place) else { return }
        inode.state.withLock { $0.listingChange += 1 }
        if seen.insert(Place(volume: place.volume, path: place.path + "/")).inserted {
            invalidations.append(.listing(inode.id))
        }
    }

    /// Forgets what a node's entry says, not what it is.
    mutating func refresh(_ place: Place) {
        guard let inode = table.inode(at: place) else { return }
        if inode.origin?.place == place {
            if !isCovered(place) { release(inode) }
            inode.state.withLock { $0.stat = nil }
        }
        invalidations.append(.attributes(inode.id))
    }

    /// The drive has something newer than an item that nobody changed.
    private func release(_ inode: Inode) {
        inode.state.withLock { state in
            if state.openCount == 0 { state.item = nil }
        }
    }
}
