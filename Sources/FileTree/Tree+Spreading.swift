import Hyperdrive

/// One drive at several places, of this tree and of others: what is changed at one of them is told
/// to the kernels of all others. They share the gate, so that no answer from before is on its way.
extension Tree {
    /// A node's description was changed, and with `bytes` these of its bytes. Within the gate's
    /// `changing`.
    func spread(_ node: Inode, bytes: Range<UInt64>? = nil) {
        guard let origin = node.origin, let item = node.item else { return }
        if node.state.withLock({ $0.isRemoved || $0.isDetached }) { return }
        spread(item, at: origin.path, from: origin.volume, bytes: bytes)
    }

    func spread(
        _ item: Item, at path: String, from volume: Volume, bytes: Range<UInt64>? = nil
    ) {
        for site in volume.showing.sites(besides: volume) {
            site.tree.take(item, at: site.volume.place(path), bytes: bytes)
        }
    }

    /// The same for bytes that were written outside of the gate.
    func spreadBytes(_ node: Inode, _ bytes: Range<UInt64>) {
        guard let volume = node.origin?.volume, !volume.showing.sites(besides: volume).isEmpty
        else { return }
        gate.changing { spread(node, bytes: bytes) }
    }

    /// An item was changed elsewhere.
    private func take(_ item: Item, at place: Place, bytes: Range<UInt64>?) {
        // Lists that are being read have its old attributes.
        if let folder = table.inode(at: place.parent) { relist(folder) }
        guard let inode = table.inode(at: place) else { return }
        // The root of a nested drive is described by the place it is nested at.
        if inode.origin?.place == place { inode.state.withLock { $0.item = item } }
        invalidate([bytes.map { .content(inode.id, $0) } ?? .attributes(inode.id)])
    }

    /// A name came or went elsewhere.
    func takeName(at place: Place) {
        guard let folder = table.inode(at: place.parent) else { return }
        relist(folder)
        invalidate([.entry(parent: folder.id, name: place.name), .listing(folder.id)])
    }

    /// A name became another elsewhere, or two names each other.
    func takeMove(from: Place, to: Place, exchanging: Bool, isFolder: Bool) {
        table.move(from: from, to: to, exchanging: exchanging, isFolder: isFolder)
        for place in [from, to] {
            guard let folder = table.inode(at: place.parent) else { continue }
            table.inode(at: place)?.state.withLock { $0.parentNumber = folder.number }
            takeName(at: place)
        }
    }
}
