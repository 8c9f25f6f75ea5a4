import Glibc
import Hypercore
import Hypertrie
import Synchronization

/// What is in a folder, piece by piece, in no order that means anything: all of the version that
/// was there at the first piece. A hostile drive may have any number of entries in one folder.
public final class FolderWalk: Sendable {
    private struct State {
        var place: Drive.Location?
        var children: TrieChildren?
        /// A name of which not everything was here.
        var pending: TrieChild?
        var piece: [Entry] = []
        /// Anything was found.
        var isSomething = false
        var isAtEnd = false
    }

    private let drive: Drive
    private let path: String
    private let key: String
    /// Held while a piece is looked up: a walk is one person's.
    private let state = Mutex(State())

    init(_ drive: Drive, _ path: String) throws {
        self.drive = drive
        self.path = path
        key = try DrivePath.key(path)
    }

    /// The next entries; none at the end, again and again. `onHidden` as for `Drive.list`.
    ///
    /// Throws `MissingBlocks` without losing its place, `.notFound`, `.notDirectory`, and what
    /// `Drive.entry` throws.
    public func next(
        atMost count: Int, onHidden: (String) -> Void = { _ in }
    ) throws -> [Entry] {
        try DriveError.translating(path) {
            try state.withLock { state in
                while !state.isAtEnd, state.piece.count < count { try step(&state, onHidden) }
                if state.isAtEnd, !state.isSomething, !(state.place?.inner.isEmpty ?? true) {
                    try drive.requireFolder(path)
                }
                defer { state.piece = [] }
                return state.piece
            }
        }
    }

    private func step(_ state: inout State, _ onHidden: (String) -> Void) throws {
        let place = try state.place ?? drive.locate(key, enteringLast: true)
        state.place = place
        if state.children == nil { state.children = place.drive.trie.children(of: place.inner) }
        if state.pending == nil { state.pending = try state.children?.next() }
        guard let child = state.pending else {
            state.isAtEnd = true
            return
        }
        if let entry = try entry(child, place, onHidden) {
            state.piece.append(entry)
            state.isSomething = true
        }
        state.pending = nil
    }

    private func entry(
        _ child: TrieChild, _ place: Drive.Location, _ onHidden: (String) -> Void
    ) throws -> Entry? {
        guard DrivePath.isShowable(child.name) else {
            onHidden("\(path): a name that no file system can show")
            return nil
        }
        let entry: Entry
        do {
            entry = try drive.entry(
                MountPath.join(key, child.name), at: MountPath.join(place.inner, child.name),
                place.drive, node: child.node, hasDescendants: child.hasDescendants)
        } catch {
            onHidden("\(DrivePath.join(path, child.name)): \(error)")
            return nil
        }
        return try drive.withMount(entry, flags: child.node?.userFlags)
    }
}

extension DriveError {
    /// A folder that nobody lists.
    public static func tooManyEntries(_ path: String, _ limit: Int) -> DriveError {
        DriveError(
            .tooLarge,
            "\(path): more than \(limit) entries; its files can be opened by their names, but not "
                + "listed", errno: EIO)
    }
}
