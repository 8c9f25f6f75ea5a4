import Glibc
import HyperCrypto
import Hyperdrive

/// Any drive under one roof: in the root, the key of a drive is a folder that opens it.
extension Tree {
    /// Where the drives come from.
    public struct Network: Sendable {
        /// The drive that a name stands for. Throws when it stands for none.
        public var open: @Sendable (String) throws -> Drive
        /// A drive is used from now on: look for peers, follow what it becomes.
        public var use: @Sendable (Drive) -> Void
        /// Takes one `use` back, and gives the keys of the drives that were entered from it: nobody
        /// said of those that they are used.
        public var letGo: @Sendable (Drive, Set<PublicKey>) -> Void

        /// Opens drives so.
        public init(
            open: @escaping @Sendable (String) throws -> Drive,
            use: @escaping @Sendable (Drive) -> Void = { _ in },
            letGo: @escaping @Sendable (Drive, Set<PublicKey>) -> Void = { _, _ in }
        ) {
            self.open = open
            self.use = use
            self.letGo = letGo
        }
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
                let volume = Volume(
                    id: newVolumeID(), drive: drive, at: "/" + name, writer: writer, under: name)
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

    /// Whatever is asked of a drive is a use of it, and of those around it.
    func touch(_ volume: Volume?) {
        guard let roof, let name = volume?.roofName else { return }
        roof.touch(name)
    }

    /// Lets go of drives that nobody has used in a while: nothing of them is open, nothing waits to
    /// be committed, and the kernel has forgotten them, as it is asked to. They are looked for and
    /// offered no more, and not listed; the next use opens them again. Call it now and then; it
    /// does nothing in between.
    public func letGoOfIdleDrives(now: ContinuousClock.Instant = .now) {
        guard let roof, roof.isSweepDue(now) else { return }
        let nodes = table.all
        let known = Set(nodes.compactMap { $0.home?.volume.roofName })
        let idle = roof.sweep(now, known: known, busy: busyNames(nodes))
        if !idle.gone.isEmpty { relistRoot() }
        for volume in idle.gone { roof.letGo(volume) }
        for (name, _) in idle.unused {
            let below = nodes.filter { $0.home?.volume.roofName == name }
            invalidate([
                .unused(Self.innermostFirst(below), parent: table.root.id, name: name)
            ])
        }
    }

    /// Names below which a file or folder is open, or changes wait.
    private func busyNames(_ nodes: [Inode]) -> Set<String> {
        var names: Set<String> = []
        for node in nodes {
            guard let volume = node.home?.volume, let name = volume.roofName else { continue }
            let isOpen = node.state.withLock { $0.openCount > 0 }
            if isOpen || volume.hasChanges { names.insert(name) }
        }
        for directory in directories.all {
            if let name = directory.inode.home?.volume.roofName { names.insert(name) }
        }
        return names
    }

    /// A folder can be forgotten once nothing in it is known.
    private static func innermostFirst(_ nodes: [Inode]) -> [UInt64] {
        nodes.compactMap { node -> (nesting: Int, depth: Int, id: UInt64)? in
            guard let origin = node.origin else { return nil }
            let isRoot = origin.path == "/"
            let depth = isRoot ? 0 : origin.path.utf8.count { $0 == UInt8(ascii: "/") }
            return (origin.volume.chain.count, depth, node.id)
        }
        .sorted { ($0.nesting, $0.depth) > ($1.nesting, $1.depth) }.map(\.id)
    }
}
