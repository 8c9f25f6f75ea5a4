import Glibc
import Hypercore
import Hyperdrive

/// From the overlay into the drive.
///
/// First the bytes, as one append of the content feed, then the entries that point to them, as
/// one append of the metadata feed: whatever happens in between, a file is its old or its new
/// self. Nobody is told of anything, because nothing that is shown changes.
extension Tree {
    /// One change that a commit takes along.
    private struct Step {
        let place: Place
        let change: Overlay.Change
        /// The bytes; nil = those that the drive has.
        var content: Layers?
        /// Where they went.
        var range: ContentRange?
        /// The entry, and the item's count of changes at that time.
        var stat: Stat?
        var count: UInt64 = 0
    }

    /// Commits what is due; with `everything` also files that are being written. On the writer's
    /// thread. Returns whether something waits for its turn.
    func commit(_ volume: Volume, everything: Bool) throws -> Bool {
        guard let writer = volume.writer else { return false }
        volume.isCommitting = true
        defer { volume.isCommitting = false }
        try takeForeignChanges(volume)
        // The bytes are frozen before the names are looked at: a name never points to less than
        // what was closed before it was given.
        let frozen = try freeze(writer, everything: everything)
        var steps = gate.changing { plan(writer, frozen, everything: everything) }
        guard !steps.isEmpty else { return isPutOff(writer) }
        try append(&steps, to: volume.drive)
        try volume.drive.apply(try edits(steps, of: volume))
        let version = volume.drive.version
        let view = try volume.drive.checkout(version)
        for step in steps {
            guard case .item(let item) = step.change, let range = step.range else { continue }
            item.settle(range, of: volume.drive)
        }
        gate.changing {
            volume.show(view, version: version)
            for step in steps { settle(step, writer) }
        }
        return isPutOff(writer)
    }

    /// Somebody else in this process has written to the drive.
    private func takeForeignChanges(_ volume: Volume) throws {
        let (older, newer) = (volume.version, volume.drive.version)
        guard older > 0, newer > older else { return }
        let view = try volume.drive.checkout(newer)
        let changes = try volume.drive.changes(from: older, to: newer)
        var stats: [Place: Stat] = [:]
        for change in changes {
            for place in Place(volume: volume.id, path: change.path).lineage
            where stats[place] == nil && table.inode(at: place) != nil {
                stats[place] = try view.entry(place.path)?.stat
            }
        }
        invalidate(apply(changes, stats, to: volume, view: view, version: newer))
    }

    private func freeze(
        _ writer: Writer, everything: Bool
    ) throws -> [ObjectIdentifier: Layers] {
        var frozen: [ObjectIdentifier: Layers] = [:]
        for (_, change) in writer.overlay.all {
            guard case .item(let item) = change, isDue(item, everything: everything) else {
                continue
            }
            if let layers = try item.freeze() { frozen[ObjectIdentifier(item)] = layers }
        }
        return frozen
    }

    private func isDue(_ item: Item, everything: Bool) -> Bool {
        if everything || item.isFrozen { return true }
        return item.facts.withLock { facts in
            guard facts.isStaged else { return false }
            if facts.writers == 0 || facts.want == .synced { return true }
            guard facts.want == .closed else { return false }
            // A shell's log is closed by each of its commands, and each commit appends all of it.
            let interval = Duration.seconds(Limits.reappendSeconds)
            return facts.committed.map { .now - $0 >= interval } ?? true
        }
    }

    /// Whether a file was closed by one of its users and waits for its turn.
    private func isPutOff(_ writer: Writer) -> Bool {
        writer.overlay.all.contains { _, change in
            guard case .item(let item) = change else { return false }
            return item.facts.withLock { $0.want == .closed }
        }
    }

    /// What goes into the drive: everything but files it has never had and that are not due.
    private func plan(
        _ writer: Writer, _ frozen: [ObjectIdentifier: Layers], everything: Bool
    ) -> [Step] {
        writer.overlay.all.compactMap { place, change in
            var step = Step(place: place, change: change)
            guard case .item(let item) = change else { return step }
            step.content = frozen[ObjectIdentifier(item)]
            let isBegun = item.facts.withLock { facts in
                facts.isNew && (facts.isStaged || (facts.writers > 0 && facts.want < .synced))
            }
            if isBegun, step.content == nil, !everything { return nil }
            let (stat, count) = item.committedStat()
            step.stat = stat
            step.count = count
            return step
        }
    }

    private func append(_ steps: inout [Step], to drive: Drive) throws {
        guard steps.contains(where: { $0.content != nil }) else { return }
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
    }

    private func edits(_ steps: [Step], of volume: Volume) throws -> [Drive.Edit] {
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
                try volume.view().entry(path)?.mount == nil
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
    private func settle(_ step: Step, _ writer: Writer) {
        listings.drop(step.place)
        listings.drop(step.place.parent)
        // Lists that are being read name what is now elsewhere.
        if let folder = table.inode(at: step.place.parent) { relist(folder) }
        switch (step.change, writer.overlay[step.place]) {
        case (.removed, .removed?): writer.overlay.settle(step.place)
        case (.item(let item), .item(let now)?) where item === now:
            let isSame = item.facts.withLock { facts in
                facts.isNew = false
                if !facts.isStaged { facts.want = .nobody }
                return facts.change == step.count && !facts.isStaged
            }
            guard isSame else { return }
            writer.overlay.settle(step.place)
            rest(item, at: step.place)
        case (.item(let item), _):
            item.facts.withLock { $0.isNew = false }
        default: break
        }
    }

    /// Nobody has the item open, and the drive has all of it: the node goes back to what it reads.
    private func rest(_ item: Item, at place: Place) {
        guard let inode = table.inode(at: place) else { return }
        inode.state.withLock { state in
            guard state.openCount == 0, state.item === item else { return }
            state.stat = item.stat
            state.item = nil
        }
    }
}
