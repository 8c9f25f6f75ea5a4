extension MountedTrie {
    /// What is at and below a path, mounts included.
    ///
    /// - Parameters:
    ///   - recursive: everything; otherwise one entry, any one, for each name.
    ///   - enterMounts: go on inside the mounts that are met; a recursive walk only. Those that
    ///     contain themselves are shown but not entered again.
    ///   - gt: without the path's own entry.
    public func iterate(
        _ path: String, recursive: Bool = true, enterMounts: Bool = true, gt: Bool = false
    ) -> MountedIterator {
        MountedIterator(
            self, path: path,
            options: .init(recursive: recursive, gt: gt), enterMounts: recursive && enterMounts)
    }

    /// The mounts in the outermost trie, or in all of them. Cut after 1000.
    public func listMounts(recursive: Bool = false) throws -> [Mount] {
        var found: [Mount] = []
        var open = [try resolve("")]
        while let place = open.popLast(), found.count < SpecLimits.mountsListedMax {
            for mount in try mounts(of: place) where found.count < SpecLimits.mountsListedMax {
                found.append(mount)
                guard recursive, place.chain.count < SpecLimits.mountDepthMax,
                    !place.isEntered(mount.record)
                else { continue }
                open.append(try place.entering(mount, rest: "", open: self.open))
            }
        }
        return found
    }

    /// Mounts of one trie, those below other mounts left out.
    private func mounts(of place: MountPlace) throws -> [Mount] {
        var found: [Mount] = []
        var records = place.trie.iterate(MountRecord.folder, .init(gt: true, hidden: true))
        var covered: TriePath?
        while let node = try records.next() {
            let path = node.record.path
            if let covered, covered.sharedComponents(with: path) == covered.components.count {
                continue
            }
            let inner = String(
                Substring(path.key.utf8.dropFirst(MountRecord.folder.utf8.count + 1)))
            let here = MountPlace(
                trie: place.trie, inner: inner, prefix: place.prefix, chain: place.chain,
                entered: place.entered)
            guard let mount = try mount(at: here) else { continue }
            covered = path
            found.append(mount)
        }
        return found
    }
}

/// Entries one by one, through mounts. A mount's entry comes before what is in it.
///
/// `next()` throws `MissingBlocks` without losing its place: call it again once they are here.
public struct MountedIterator {
    /// An entry and where it is.
    public struct Item: Sendable {
        /// Full path from the outermost trie.
        public let path: String
        /// The trie that holds the entry, and the path there.
        public let place: MountPlace
        /// The entry.
        public let node: TrieNode
        /// Where it leads, when it is a mount.
        public let mount: Mount?
    }

    /// One trie on the way down.
    private struct Level {
        let place: MountPlace
        var entries: TrieIterator
        /// The mount that was met last: what the same trie has below it is not seen.
        var covered: TriePath?
        /// An entry that was taken from `entries` and not handed out yet.
        var pending: TrieNode?
    }

    private let tries: MountedTrie
    private let path: String
    private let options: Trie.IterationOptions
    private let enterMounts: Bool
    private var levels: [Level] = []
    private var isOpen = false
    /// A mount that was handed out and is entered next.
    private var entering: (place: MountPlace, mount: Mount)?

    init(
        _ tries: MountedTrie, path: String, options: Trie.IterationOptions, enterMounts: Bool
    ) {
        self.tries = tries
        self.path = path
        self.options = options
        self.enterMounts = enterMounts
    }

    /// The next entry; `nil` at the end, again and again.
    public mutating func next() throws -> Item? {
        if !isOpen {
            levels = [level(at: try tries.resolve(path), gt: options.gt)]
            isOpen = true
        }
        if let (place, mount) = entering {
            let inside = try place.entering(mount, rest: "", open: tries.open)
            levels.append(level(at: inside, gt: true))
            entering = nil
        }
        while !levels.isEmpty {
            if let item = try nextItem(in: levels.count - 1) { return item }
            levels.removeLast()
        }
        return nil
    }

    private func level(at place: MountPlace, gt: Bool) -> Level {
        var options = options
        options.gt = gt
        return Level(place: place, entries: place.trie.iterate(place.inner, options))
    }

    private mutating func nextItem(in index: Int) throws -> Item? {
        while true {
            if levels[index].pending == nil {
                levels[index].pending = try levels[index].entries.next()
            }
            let level = levels[index]
            guard let node = level.pending else { return nil }
            let path = node.record.path
            if let covered = level.covered,
                covered.sharedComponents(with: path) == covered.components.count
            {
                levels[index].pending = nil
                continue
            }
            let here = MountPlace(
                trie: level.place.trie, inner: node.key, prefix: level.place.prefix,
                chain: level.place.chain, entered: level.place.entered)
            let isFlagged = node.userFlags == MountRecord.userFlag
            let mount = isFlagged ? try tries.mount(at: here) : nil
            if let mount {
                levels[index].covered = path
                let isShallow = here.chain.count < SpecLimits.mountDepthMax
                if enterMounts, isShallow, !here.isEntered(mount.record) {
                    entering = (here, mount)
                }
            }
            levels[index].pending = nil
            return Item(path: here.path, place: here, node: node, mount: mount)
        }
    }
}
