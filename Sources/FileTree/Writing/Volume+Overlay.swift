import Hyperdrive

/// The shown version with the changes over it. Within the gate.
extension Volume {
    func place(_ path: String) -> Place { Place(volume: id, path: path) }

    /// What is at a path now; nil = nothing.
    func child(at path: String, name: String? = nil) throws -> Child? {
        switch writer?.overlay[Place(path)] {
        case .item(let item): return Child(item, name: name ?? Place.split(path).name)
        case .removed: return nil
        case nil: return try view().entry(path).map { Child($0, name: name) }
        }
    }

    /// What is in a folder now, given what the shown version has in it.
    func children(of path: String, shown: [Child]) -> [Child] {
        guard let changes = writer?.overlay.children(of: Place(path)), !changes.isEmpty else {
            return shown
        }
        let changed = Set(changes.map(\.place))
        var children = shown.filter { !changed.contains(Place(Place.join(path, $0.name))) }
        for (place, change) in changes {
            if case .item(let item) = change { children.append(Child(item, name: place.name)) }
        }
        return children.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// What the shown version has in a folder.
    struct Found {
        /// By name.
        var children: [Child] = []
        /// Where it goes on, when that is not all; then they are in no order.
        var rest: FolderWalk?
    }

    /// What the shown version has in a folder, which may be nothing at all; of more than `limit`
    /// entries the first, and how to go on.
    func shownChildren(
        of path: String, atMost limit: Int, onHidden: (String) -> Void = { _ in }
    ) throws -> Found {
        var found = Found()
        do {
            let walk = try view().walk(folder: path)
            while true {
                let piece = try walk.next(atMost: Limits.listedPiece, onHidden: onHidden)
                if piece.isEmpty { break }
                for entry in piece { found.children.append(Child(entry)) }
                if found.children.count > limit {
                    found.rest = walk
                    return found
                }
            }
        } catch let error as DriveError
            where writer != nil && (error.code == .notFound || error.code == .notDirectory)
        {
            return Found()
        }
        found.children.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return found
    }

    /// Everything below a folder now, parents first. Throws when it is more than `limit`.
    func descendants(of path: String, limit: Int) throws -> [(path: String, child: Child)] {
        var found: [(path: String, child: Child)] = []
        var folders = [path]
        while let folder = folders.popLast() {
            let shown = try shownChildren(of: folder, atMost: limit)
            guard shown.rest == nil else { throw PosixError.tooMany }
            for child in children(of: folder, shown: shown.children) {
                let path = Place.join(folder, child.name)
                found.append((path, child))
                guard found.count <= limit else { throw PosixError.tooMany }
                if child.stat.kind == .directory, child.nested == nil { folders.append(path) }
            }
        }
        return found
    }
}
