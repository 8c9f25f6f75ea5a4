import Hypercore
import Hyperdrive

/// Following a live drive: what changed between the shown version and the newest is told to the
/// kernel, name by name, in the moment the newest is shown.
extension Tree {
    func follow(_ volume: Volume) {
        volume.observe { [weak self, weak volume] in
            guard let self, let volume, isOpen, volume.beginFollowing() else { return }
            Task.detached { [weak self, weak volume] in
                repeat {
                    // Nobody cancels this task: `isOpen` ends it.
                    try? await Task.sleep(for: .milliseconds(Limits.settleMilliseconds))
                    guard let self, let volume, isOpen else { return }
                    await catchUp(volume)
                } while volume?.endFollowing() == false
            }
        }
    }

    /// Shows the newest version, or stays at the old one, whole, until the difference is known.
    private func catchUp(_ volume: Volume) async {
        let older = volume.version
        let newer = volume.drive.version
        // Nothing is shown yet: nothing can be told.
        guard older > 0, newer > older, !volume.isCommitting else { return }
        do {
            let view = try volume.drive.checkout(newer)
            let timeout = configuration.timeout
            let changes = try await resolve(priority: .background, timeout: timeout) {
                try volume.drive.changes(from: older, to: newer)
            }
            let stats = await known(changes, in: volume, view: view)
            invalidate(apply(changes, stats, to: volume, view: view, version: newer))
        } catch {
            configuration.note(
                "drive \(volume.drive.key) stays at version \(older), because what changed up to "
                    + "\(newer) cannot be read: \(error)")
            // As above.
            try? await Task.sleep(for: .milliseconds(Limits.retryMilliseconds))
        }
    }

    /// The new entries of those changed paths that the kernel knows.
    private func known(
        _ changes: [Drive.Change], in volume: Volume, view: Drive
    ) async -> [Place: Stat] {
        var stats: [Place: Stat] = [:]
        for change in changes {
            for place in Place(volume: volume.id, path: change.path).lineage
            where stats[place] == nil && table.inode(at: place) != nil {
                let timeout = configuration.timeoutWithoutPeers
                // What cannot be read is told as forgotten: the kernel asks again, and hears why.
                let entry = try? await resolve(priority: .background, timeout: timeout) {
                    try view.entry(place.path)
                }
                if let entry = entry ?? nil { stats[place] = entry.stat }
            }
        }
        return stats
    }

    /// Moves to the new version and says what the kernel must forget.
    func apply(
        _ changes: [Drive.Change], _ stats: [Place: Stat], to volume: Volume, view: Drive,
        version: UInt64
    ) -> [Invalidation] {
        gate.changing {
            volume.show(view, version: version)
            var update = Update(
                table: table, listings: listings, stats: stats,
                isCovered: { volume.writer?.overlay[$0] != nil })
            for change in changes {
                update.note(Place(volume: volume.id, path: change.path), change.kind)
            }
            // The root's times move with everything.
            update.refresh(Place(volume: volume.id, path: "/"))
            return update.invalidations
        }
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
