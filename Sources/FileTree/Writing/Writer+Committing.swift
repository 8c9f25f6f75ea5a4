import Glibc
import Hypercore
import Hyperdrive

/// From the overlay into the drive.
///
/// First the bytes, as one append of the content feed, then the entries that point to them, as
/// one append of the metadata feed: whatever happens in between, a file is its old or its new
/// self. Nobody is told of anything, because nothing that is shown changes.
extension Writer {
    /// One change that a commit takes along.
    private struct Step {
        let place: Place
        let change: Overlay.Change
        /// The bytes; nil = those that the drive has.
        var content: Layers?
        /// Where they went.
        var range: ContentRange?
        /// The entry, and what the item was at that time.
        var stat: Stat?
        var facts: Item.Facts?
        /// What the drive knows of the item afterwards.
        var entry: Item.Entry? {
            facts.map { Item.Entry(place: place, description: $0.description) }
        }
        /// Its bytes wait for their turn, and the drive has all else.
        var waits: Bool {
            guard let facts else { return false }
            return content == nil && facts.isStaged && facts.entry == entry
        }
    }

    /// What a commit takes of the files; names and descriptions are always taken.
    enum Scope: Comparable {
        /// What was closed, if it was not taken a moment ago.
        case due
        /// What was closed: somebody waits for it.
        case closed
        /// Also what is being written.
        case everything
    }

    /// Commits what is due. On the writer's thread. Returns whether something waits for its turn.
    func commit(_ scope: Scope) throws -> Bool {
        let isPart = try commitOnce(scope)
        // Who waits, or ends, wants all of it; the first go has settled all older stages.
        if isPart, scope > .due { _ = try commitOnce(scope) }
        return isPutOff
    }

    /// Returns whether newer bytes of a file had to be left for the next go.
    private func commitOnce(_ scope: Scope) throws -> Bool {
        showing.isCommitting = true
        defer { showing.isCommitting = false }
        try takeForeignChanges(upTo: drive.version)
        // The bytes are frozen before the names are looked at: a name never points to less than
        // what was closed before it was given.
        let frozen = try freeze(scope)
        var steps = gate.changing { plan(frozen, scope) }
        guard !steps.isEmpty else { return false }
        let lost = try append(&steps)
        let versions = try drive.apply(try edits(steps))
        // Somebody else may have come first.
        if let versions { try takeForeignChanges(upTo: versions.lowerBound) }
        let view = try versions.map { try drive.checkout($0.upperBound) }
        for step in steps {
            guard case .item(let item) = step.change, let range = step.range,
                let content = step.content
            else { continue }
            if step.facts?.isNew == false {
                reappends.withLock { $0.note(content.untouchedBytes, at: step.place) }
            }
            item.settle(content, at: range, of: drive)
        }
        gate.changing {
            if let view, let versions { showing.show(view, version: versions.upperBound) }
            let sites = showing.sites
            for step in steps { settle(step, sites) }
        }
        if let lost { throw PosixError(EIO, "\(lost.path): committed bytes are missing") }
        return frozen.values.contains { $0.isPart }
    }

    /// Somebody else in this process has written to the drive.
    private func takeForeignChanges(upTo newer: UInt64) throws {
        // Whoever follows the feed may move on at the same time.
        while case let older = showing.version, older > 0, newer > older {
            let view = try drive.checkout(newer)
            let changes = try drive.changes(from: older, to: newer)
            var stats: [Place: Stat] = [:]
            for path in showing.knownPaths(changes) {
                stats[Place(path)] = try view.entry(path)?.stat
            }
            showing.show(view, version: newer, after: older, changes, stats)
        }
    }

    private func freeze(_ scope: Scope) throws -> [ObjectIdentifier: Layers] {
        var frozen: [ObjectIdentifier: Layers] = [:]
        for (place, change) in overlay.all {
            guard case .item(let item) = change else { continue }
            frozen[ObjectIdentifier(item)] = try item.freeze { share(of: $0, at: place, scope) }
        }
        return frozen
    }

    private func share(of facts: Item.Facts, at place: Place, _ scope: Scope) -> Item.Share {
        if scope == .everything { return .everything }
        guard facts.isStaged else { return .nothing }
        if facts.want == .synced { return .everything }
        guard mayAppendAgain(facts, at: place, scope) else { return .nothing }
        return facts.writers == 0 || facts.want == .closed ? .everything : .frozen
    }

    /// A log is closed by each command that adds a line, and each commit appends all of it.
    private func mayAppendAgain(_ facts: Item.Facts, at place: Place, _ scope: Scope) -> Bool {
        if scope > .due || facts.isNew { return true }
        if facts.writers > 0, let last = facts.committed,
            .now - last < .seconds(Limits.reappendSeconds)
        {
            return false
        }
        return reappends.withLock { $0.mayAppend(place) }
    }

    /// Whether a file was closed and waits for its turn.
    private var isPutOff: Bool {
        overlay.all.contains { _, change in
            guard case .item(let item) = change else { return false }
            return item.isFrozen
                || item.facts.withLock { facts in
                    facts.want == .closed || facts.writers == 0 && facts.isStaged
                }
        }
    }

    /// What goes into the drive: everything but files it has never had and that are not due.
    private func plan(_ frozen: [ObjectIdentifier: Layers], _ scope: Scope) -> [Step] {
        overlay.all.compactMap { place, change in
            var step = Step(place: place, change: change)
            guard case .item(let item) = change else { return step }
            step.content = frozen[ObjectIdentifier(item)]
            let isBegun = item.facts.withLock { facts in
                facts.isNew && (facts.isStaged || (facts.writers > 0 && facts.want < .synced))
            }
            if isBegun, step.content == nil, scope < .everything { return nil }
            let (stat, facts) = item.committedStat()
            step.stat = stat
            step.facts = facts
            return step.waits ? nil : step
        }
    }

    /// Returns the first file, if any, whose bytes cannot go along: of what shows through below
    /// them something is not here any more. All else does.
    private func append(_ steps: inout [Step]) throws -> Place? {
        var lost: Place?
        for (index, step) in steps.enumerated() {
            guard let content = step.content, try !content.isWhole() else { continue }
            lost = lost ?? step.place
            steps[index].content = nil
        }
        if lost != nil { steps.removeAll { $0.waits } }
        guard steps.contains(where: { $0.content != nil }) else { return lost }
        // Where the entries cannot go, their bytes would be appended again and again.
        try drive.metadata.checkWritable()
        let batch = try ContentBatch(drive)
        for index in steps.indices {
            guard let content = steps[index].content else { continue }
            let range = try batch.add(size: content.size) { offset, buffer in
                let end = offset + UInt64(buffer.count)
                guard try content.read(offset..<end, into: buffer) else {
                    throw PosixError(EIO, "\(steps[index].place.path): committed bytes are missing")
                }
            }
            steps[index].range = range
            steps[index].stat = steps[index].stat?.with(range)
        }
        try batch.commit()
        return lost
    }

    private func edits(_ steps: [Step]) throws -> [Drive.Edit] {
        var removals: [Drive.Edit] = []
        var puts: [Drive.Edit] = []
        var root: [Drive.Edit] = []
        for step in steps {
            let path = step.place.path
            guard let stat = step.stat else {
                removals.append(.delete(path: path))
                continue
            }
            if path == "/" {
                root.append(.root(stat: stat))
            } else if let mount = stat.mount, !mount.isHypercore,
                try showing.view().entry(path)?.mount == nil
            {
                puts.append(
                    .mount(path: path, key: mount.key, version: mount.version, stat: stat))
            } else {
                puts.append(.put(path: path, stat: stat))
            }
        }
        // The root goes last, where every reader has it at once.
        return removals + puts + root
    }

    /// Forgets a change that the shown version has, unless there is a newer one already.
    private func settle(_ step: Step, _ sites: [Showing.Site]) {
        for site in sites { site.tree.unlist(step.place.path, in: site.volume) }
        switch (step.change, overlay[step.place]) {
        case (.removed, .removed?): overlay.settle(step.place)
        case (.item(let item), .item(let now)?) where item === now:
            let isSame = item.facts.withLock { facts in
                facts.isNew = false
                facts.entry = step.entry
                if !facts.isStaged { facts.want = .nobody }
                return facts.change == step.facts?.change && !facts.isStaged
            }
            guard isSame else { return }
            overlay.settle(step.place)
            for site in sites { site.tree.rest(item, at: site.volume.place(step.place.path)) }
        case (.item(let item), _):
            item.facts.withLock { facts in
                facts.isNew = false
                facts.entry = step.entry
            }
        default: break
        }
    }
}

extension Tree {
    /// The shown version has another list of the folder that a path is in.
    fileprivate func unlist(_ path: String, in volume: Volume) {
        let place = volume.place(path)
        listings.drop(place)
        listings.drop(place.parent)
        // Lists that are being read name what is now elsewhere.
        if let folder = table.inode(at: place.parent) { relist(folder) }
    }

    /// Nobody has the item open, and the drive has all of it: the node goes back to what it reads.
    fileprivate func rest(_ item: Item, at place: Place) {
        guard let inode = table.inode(at: place) else { return }
        inode.state.withLock { state in
            guard state.openCount == 0, state.item === item else { return }
            state.stat = item.stat
            state.item = nil
        }
    }
}
