/// A folder that is open: the list that was taken when it was opened.
final class OpenDirectory: Sendable {
    let inode: Inode
    let children: [Child]
    /// The folder's change count at that time: later ones make the attributes in it old.
    let change: UInt64
    /// Keeps a long list for who opens the folder meanwhile.
    private let long: LongList?

    init(inode: Inode, children: [Child], change: UInt64, long: LongList?) {
        self.long = long
        self.inode = inode
        self.children = children
        self.change = change
    }
}
