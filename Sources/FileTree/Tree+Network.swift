import Glibc
import Hyperdrive

/// Any drive under one roof: in the root, the key of a drive is a folder that opens it.
extension Tree {
    /// Where the drives come from.
    public struct Network: Sendable {
        /// The drive that a name stands for. Throws when it stands for none.
        public var open: @Sendable (String) throws -> Drive

        /// Opens drives so.
        public init(open: @escaping @Sendable (String) throws -> Drive) { self.open = open }
    }

    /// How long the kernel may believe that a folder has no such name: a drive that nobody had a
    /// moment ago may be there now.
    public func absenceValidSeconds(parent: UInt64) -> Double {
        roof != nil && parent == table.root.id ? 0 : Limits.validSeconds
    }

    /// Waits until the drive has shown itself; one that nobody has is not there.
    func lookup(
        _ name: String, under roof: Roof, reply: @escaping Reply<Attributes>
    ) -> Pending? {
        letGoOfIdleDrives()
        let volume: Volume
        do {
            volume = try roof.volume(name) {
                let drive = try roof.network.open(name)
                let writer = drive.checkoutVersion == nil ? writer(of: drive) : nil
                let volume = Volume(id: newVolumeID(), drive: drive, at: "/" + name, writer: writer)
                follow(volume)
                return volume
            }
        } catch let error as PosixError {
            reply(.failure(error))
            return nil
        } catch {
            reply(.failure(PosixError(ENOENT, "\(name) is not the key of a drive")))
            return nil
        }
        let ended: Reply<Attributes> = { [weak self] result in
            switch result {
            case .failure(let error) where error.errno != EINTR:
                self?.configuration.note("drive \(name): \(error.message)")
                roof.forget(name, volume)
                reply(.failure(PosixError(ENOENT, "nobody has drive \(name): \(error.message)")))
            default: reply(result)
            }
        }
        return answer(on: volume, ended) { [self] in
            _ = try volume.content()
            if roof.show(name) { relistRoot() }
            return enter(name, volume)
        }
    }

    private func enter(_ name: String, _ volume: Volume) -> Attributes {
        let place = Place(volume: 0, path: "/" + name)
        let number = InodeTable.Number(preferred: volume.inodeNumber(of: "/"), isExclusive: false)
        let inode = table.enter(
            at: place, number: number, fits: { $0.home?.volume === volume }
        ) {
            Inode(
                id: $0, number: $1, parentNumber: table.root.number, role: .entry, at: place,
                home: Inode.Location(volume: volume, path: "/"))
        }
        let stat = (try? stat(of: inode)) ?? Stat(mode: 0o040755)
        var attributes = attributes(of: inode, stat)
        // So that it is known which of them are in use.
        attributes.nameValidSeconds = Limits.roofValidSeconds
        return attributes
    }

    private func relistRoot() {
        relist(table.root)
        invalidate([.listing(table.root.id)])
    }

    /// Forgets drives that nobody has asked for in a while and that no file is open of. Call it
    /// now and then; it does nothing in between.
    public func letGoOfIdleDrives(now: ContinuousClock.Instant = .now) {
        guard let roof, roof.isSweepDue(now) else { return }
        let open = table.all.compactMap { inode in
            inode.state.withLock { $0.openCount > 0 } ? inode.home?.volume.id : nil
        }
        let idle = roof.sweep(now, inUse: Set(open))
        guard !idle.isEmpty else { return }
        relistRoot()
        invalidate(idle.map { .entry(parent: table.root.id, name: $0) })
    }
}
