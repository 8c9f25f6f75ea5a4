/// A folder that is open: the list that was taken when it was opened.
final class OpenDirectory: Sendable {
    let inode: Inode
    let children: [Child]
    /// The folder's change count at that time: later ones make the attributes in it old.
    let change: UInt64

    init(inode: Inode, children: [Child], change: UInt64) {
        self.inode = inode
        self.children = children
        self.change = change
    }
}
