import Hypercore
import Hypertrie
import Synchronization

/// Everything below a path, page by page, folders before what is in them; otherwise in no order
/// that means anything. All of the version that was there at the first page.
///
/// It holds one page, and the folders that it is in: a hostile drive may have any number of
/// entries, by drives that are nested in each other many more than it has bytes. Whoever gathers
/// them says how many at most.
public final class DriveWalk: Sendable {
    /// Entries of a page, and as many more as a path has names.
    public static let pageEntries = OwnLimits.walkedAtOnce

    private struct State {
        var items: MountedIterator
        /// Many entries in a row are in the same drive.
        var last: (prefix: String, drive: Drive)?
        /// The folders that the last entry is in, outermost first.
        var folders: [String] = []
        /// An entry of which it is not known yet whether anything lies below it.
        var pending: Entry?
        var page: [Entry] = []
        var isAtEnd = false
    }

    private let drive: Drive
    private let top: String
    /// Held while a page is looked up: a walk is one person's.
    private let state: Mutex<State>

    init(_ drive: Drive, _ key: String, enterMounts: Bool) {
        self.drive = drive
        top = DrivePath.path(key)
        let items = drive.tries.iterate(key, recursive: true, enterMounts: enterMounts, gt: true)
        state = Mutex(State(items: items))
    }

    /// The next entries; none at the end, again and again.
    ///
    /// Throws `MissingBlocks` without losing its place: call it again once they are here. Else as
    /// `Drive.entry`.
    public func next(atMost count: Int = pageEntries) throws -> [Entry] {
        try DriveError.translating(top) {
            try state.withLock { state in
                while !state.isAtEnd, state.page.count < count { try step(&state) }
                defer { state.page = [] }
                return state.page
            }
        }
    }

    /// Calls `body` for each entry that is left. Throws what `next` and `body` throw.
    public func forEach(_ body: (Entry) throws -> Void) throws {
        while true {
            let page = try next()
            guard !page.isEmpty else { return }
            for entry in page { try body(entry) }
        }
    }

    private func step(_ state: inout State) throws {
        guard let item = try state.items.next() else {
            if let last = state.pending { state.page.append(last) }
            state.pending = nil
            state.isAtEnd = true
            return
        }
        guard DrivePath.isShowable(key: item.path), let entry = try entry(item, &state) else {
            return
        }
        while let folder = state.folders.last, !Self.isInside(entry.path, folder) {
            state.folders.removeLast()
        }
        if var last = state.pending {
            // What has something below it is a folder, whatever its node says.
            if last.stat.kind != .directory, state.folders.last == last.path {
                last.stat = Drive.implicit(nil)
                last.isImplicit = true
                last.seq = 0
            }
            state.page.append(last)
        }
        addFolders(of: entry, &state)
        state.folders.append(entry.path)
        state.pending = entry
    }

    /// Nil for one whose description makes no sense.
    private func entry(_ item: MountedIterator.Item, _ state: inout State) throws -> Entry? {
        if state.last?.prefix != item.place.prefix {
            state.last = (item.place.prefix, try drive.drive(at: item.place))
        }
        guard let holder = state.last?.drive,
            var entry = try? drive.entry(
                item.path, at: item.place.inner, holder, node: item.node, hasDescendants: false)
        else { return nil }
        entry.mount = item.mount.map { ($0.record.key, $0.record.version) }
        return entry
    }

    /// The folders on the way to an entry that have no entry of their own.
    private func addFolders(of entry: Entry, _ state: inout State) {
        var parent = state.folders.last ?? top
        while let next = Self.step(from: parent, to: entry.path) {
            var folder = entry
            folder.path = next
            folder.name = DrivePath.name(of: next)
            folder.innerPath = Self.outer(entry, next)
            folder.stat = Drive.implicit(nil)
            folder.stat.mtime = entry.stat.mtime
            folder.isImplicit = true
            folder.mount = nil
            folder.seq = 0
            state.page.append(folder)
            state.folders.append(next)
            parent = next
        }
    }

    private static func isInside(_ path: String, _ folder: String) -> Bool {
        path.utf8.count > folder.utf8.count && path.utf8.starts(with: folder.utf8)
            && path.utf8[path.utf8.index(path.utf8.startIndex, offsetBy: folder.utf8.count)]
                == UInt8(ascii: "/")
    }

    /// The folder one further from `parent` toward `path`; `nil` when `path` is in `parent`.
    private static func step(from parent: String, to path: String) -> String? {
        let start = parent == "/" ? 1 : parent.utf8.count + 1
        let from = path.utf8.index(path.utf8.startIndex, offsetBy: start)
        guard let slash = path.utf8[from...].firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(path[..<slash])
    }

    /// The inner path of a folder on the way to an entry of the same drive.
    private static func outer(_ entry: Entry, _ folder: String) -> String {
        let surplus = entry.path.utf8.count - folder.utf8.count
        return String(Substring(entry.innerPath.utf8.dropLast(surplus)))
    }
}
