import Hypercore
import Hyperdrive

/// Following a live drive: what changed between the shown version and the newest is told to the
/// kernel, name by name, in the moment the newest is shown.
extension Tree {
    func follow(_ volume: Volume) {
        volume.showing.add(volume, of: self)
        volume.showing.follow()
    }
}

extension Showing {
    fileprivate func follow() {
        observe { [weak self] in
            guard let self, beginFollowing() else { return }
            Task.detached { [weak self] in
                repeat {
                    // Nobody cancels this task: it ends with the last place.
                    try? await Task.sleep(for: .milliseconds(Limits.settleMilliseconds))
                    guard let self, let tree = sites.first(where: { $0.tree.isOpen })?.tree else {
                        return
                    }
                    await catchUp(tree.configuration)
                } while self?.endFollowing() == false
            }
        }
    }

    /// Shows the newest version, or stays at the old one, whole, until the difference is known.
    private func catchUp(_ configuration: Tree.Configuration) async {
        let older = version
        let newer = drive.version
        // Nothing is shown yet: nothing can be told.
        guard older > 0, newer > older, !isCommitting else { return }
        do {
            let view = try drive.checkout(newer)
            let drive = drive
            let changes = try await resolve(
                priority: .background, timeout: configuration.timeout
            ) {
                try drive.changes(from: older, to: newer)
            }
            let timeout = configuration.timeoutWithoutPeers
            var stats: [Place: Stat] = [:]
            for path in knownPaths(changes) {
                // What cannot be read is told as forgotten: the kernel asks again, and hears why.
                let entry = try? await resolve(priority: .background, timeout: timeout) {
                    try view.entry(path)
                }
                if let entry = entry ?? nil { stats[Place(path)] = entry.stat }
            }
            show(view, version: newer, after: older, changes, stats)
        } catch {
            configuration.note(
                "drive \(drive.key) stays at version \(older), because what changed up to "
                    + "\(newer) cannot be read: \(error)")
            // As above.
            try? await Task.sleep(for: .milliseconds(Limits.retryMilliseconds))
        }
    }

    /// The changed paths, and the folders above them, that a kernel knows.
    func knownPaths(_ changes: [Drive.Change]) -> [String] {
        let sites = sites
        var seen: Set<Place> = []
        var known: [String] = []
        for change in changes {
            for place in Place(change.path).lineage
            where seen.insert(place).inserted {
                let isKnown = sites.contains {
                    $0.tree.table.inode(at: $0.volume.place(place.path)) != nil
                }
                if isKnown { known.append(place.path) }
            }
        }
        return known
    }

    /// Moves to the new version, and says what every kernel must forget. Does nothing when another
    /// version than `older` is shown by now.
    func show(
        _ view: Drive, version newer: UInt64, after older: UInt64, _ changes: [Drive.Change],
        _ stats: [Place: Stat]
    ) {
        // All trees that show it share one gate, or it is shown at one place only.
        guard let gate = sites.first?.tree.gate else { return show(view, version: newer) }
        gate.changing {
            guard version == older else { return }
            show(view, version: newer)
            for site in sites { site.tree.note(changes, stats, in: site.volume) }
        }
    }
}

extension Tree {
    /// What the kernel must forget, now that the volume shows another version. Within the gate.
    fileprivate func note(
        _ changes: [Drive.Change], _ stats: [Place: Stat], in volume: Volume
    ) {
        var update = Update(
            table: table, listings: listings, stats: stats,
            isCovered: { volume.writer?.overlay[Place($0.path)] != nil })
        for change in changes { update.note(volume.place(change.path), change.kind) }
        // The root's times move with everything.
        update.refresh(volume.place("/"))
        invalidate(update.invalidations)
        for path in update.replaced { volume.writer?.items.forget(Place(path)) }
    }
}

extension Place {
    /// The place and every folder above it, the root left out.
    var lineage: [Place] {
        var places: [Place] = []
        var place = self
        while place.path != "/", !place.path.isEmpty, places.count <= Limits.pathBytes {
            places.append(place)
            place = place.parent
        }
        return places
    }
}
