import Glibc
import Hyperdrive

/// `.hyperfs` at the root: not listed, but there.
///
///     .hyperfs/status.json  peers.json     made when they are read
///     .hyperfs/versions/<n>/               the drive as it was at version n
extension Tree {
    static let folderName = ".hyperfs"

    /// The child of a virtual folder, or `.hyperfs` itself; nil = ask the drive.
    func controlChild(_ name: String, of folder: Inode) throws -> Attributes? {
        switch folder.role {
        case .entry:
            guard folder === table.root, name == Tree.folderName else { return nil }
            return enterControl(.controlFolder, "/" + name, below: folder)
        case .controlFolder:
            switch name {
            case "status.json":
                return enterControl(.report(configuration.status), path(name), below: folder)
            case "peers.json":
                return enterControl(.report(configuration.peers), path(name), below: folder)
            case "versions": return enterControl(.versionsFolder, path(name), below: folder)
            default: throw PosixError(ENOENT, "no \(name) in .hyperfs")
            }
        case .versionsFolder: return try enterVersion(name, below: folder)
        case .report: throw PosixError(ENOTDIR, "not a folder")
        }
    }

    private func path(_ name: String) -> String { "/\(Tree.folderName)/\(name)" }

    /// Virtual nodes live where no drive does.
    private func place(_ path: String) -> Place { Place(volume: 0, path: path) }

    private func enterControl(_ role: Inode.Role, _ path: String, below folder: Inode) -> Attributes
    {
        let number = rootVolume.inodeNumber(of: "\u{0}" + path)
        let inode = table.enter(
            at: place(path), number: .init(preferred: number, isExclusive: false),
            fits: { _ in true }
        ) { id, number in
            Inode(
                id: id, number: number, parentNumber: folder.number, role: role, at: place(path))
        }
        return controlAttributes(of: inode)
            ?? attributes(of: inode, Stat(mode: 0o040555))
    }

    /// A version's root. A version that is not known is not there: which one comes next nobody can
    /// say.
    private func enterVersion(_ name: String, below folder: Inode) throws -> Attributes {
        guard let version = UInt64(name), name == String(version), version > 0 else {
            throw PosixError(ENOENT, "not a version: \(name)")
        }
        // Asks for the drive's first blocks, while nothing is known at all.
        if rootVolume.version == 0 { _ = try rootVolume.view().content() }
        guard version <= rootVolume.version else {
            throw PosixError(ENOENT, "the drive is at version \(rootVolume.version)")
        }
        let versionPath = path("versions/" + name)
        var stat = Stat(mode: 0o040755)
        stat.mtime = rootStatTime
        let drive = try drive.checkout(version)
        let volume = Volume(id: newVolumeID(), drive: drive, at: versionPath, in: nil)
        let home = Inode.Location(volume: volume, path: "/")
        let number = InodeTable.Number(
            preferred: volume.inodeNumber(of: "/"), isExclusive: false)
        let inode = table.enter(at: place(versionPath), number: number, fits: { _ in true }) {
            Inode(
                id: $0, number: $1, parentNumber: folder.number, role: .entry,
                at: place(versionPath), home: home)
        }
        inode.state.withLock { $0.stat = $0.stat ?? stat }
        return attributes(of: inode, inode.stat ?? stat)
    }

    private var rootStatTime: UInt64 { table.root.stat?.mtime ?? 0 }

    /// Attributes of what no drive holds; nil = it is of a drive.
    func controlAttributes(of inode: Inode) -> Attributes? {
        var stat: Stat
        switch inode.role {
        case .entry: return nil
        case .controlFolder, .versionsFolder: stat = Stat(mode: 0o040555)
        case .report(let content):
            stat = Stat(mode: 0o100444)
            // Real sizes: `cp` and editors go by them.
            stat.size = UInt64(min(content().count, Limits.reportBytes))
        }
        stat.mtime = rootStatTime
        var attributes = attributes(of: inode, stat)
        attributes.validSeconds = 0
        return attributes
    }

    /// The list of a virtual folder; nil = it is of a drive.
    func controlList(of inode: Inode) throws -> [Child]? {
        let file = Stat(mode: 0o100444)
        let folder = Stat(mode: 0o040555)
        switch inode.role {
        case .entry:
            guard let roof, inode === table.root else { return nil }
            // Without a node: listing them opens none.
            return roof.names.map { Child($0, Stat(mode: 0o040755), isImplicit: true) }
        case .controlFolder:
            return [
                Child("peers.json", file), Child("status.json", file), Child("versions", folder),
            ]
        case .versionsFolder:
            let latest = rootVolume.version
            guard latest > 0 else { return [] }
            let first = latest > Limits.versionsListed ? latest - Limits.versionsListed + 1 : 1
            return (first...latest).map { Child(String($0), folder) }
        case .report: throw PosixError(ENOTDIR, "not a folder")
        }
    }
}

extension Child {
    init(_ name: String, _ stat: Stat, isImplicit: Bool = false) {
        self.name = name
        self.stat = stat
        self.isImplicit = isImplicit
        nested = nil
    }
}
