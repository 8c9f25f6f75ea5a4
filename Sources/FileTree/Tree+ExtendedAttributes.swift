import Glibc
import Hypercore
import Hyperdrive

/// Extended attributes: those of hyperfs (CLI.md section 6), and the entry's own `user.*`.
extension Tree {
    private static let prefix = "user.hyperfs."

    /// The value of one attribute; ENODATA when it has none of that name.
    @discardableResult
    public func getAttribute(inode: UInt64, name: String, reply: @escaping Reply<[UInt8]>)
        -> Pending?
    {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        let none = PosixError(ENODATA, "no attribute \(name)")
        // Asked for by `ls` and `cp` all day: never worth a look at the drive.
        guard name.hasPrefix("user."), let home = node.home else {
            reply(.failure(none))
            return nil
        }
        return answer(on: home.volume, reply) { [self] in
            let stat = try stat(of: node)
            if name.hasPrefix(Self.prefix) {
                guard
                    let text = try ownAttribute(
                        String(name.dropFirst(Self.prefix.count)), node, stat, home)
                else { throw none }
                return Array(text.utf8)
            }
            guard let value = stat.attributes.last(where: { $0.name == name })?.value else {
                throw none
            }
            return value
        }
    }

    /// The names of the entry's own attributes. Those of hyperfs are there for whoever asks by
    /// name, but not listed: `rsync -X` and `cp -a` would carry this machine's state into every
    /// copy, and find no copy like its source.
    @discardableResult
    public func listAttributes(inode: UInt64, reply: @escaping Reply<[String]>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        guard node.home != nil else {
            reply(.success([]))
            return nil
        }
        return answer(on: node.home?.volume, reply) { [self] in
            var names: [String] = []
            for (name, value) in try stat(of: node).attributes where value != nil {
                let isOurs = name.hasPrefix(Self.prefix)
                if name.hasPrefix("user."), !isOurs, !names.contains(name) { names.append(name) }
            }
            return names
        }
    }

    private func ownAttribute(
        _ name: String, _ node: Inode, _ stat: Stat, _ home: Inode.Location
    ) throws -> String? {
        switch name {
        case "key": return home.volume.drive.key.hex
        case "version": return String(home.volume.version)
        case "writable": return String(home.volume.drive.isWritable)
        case "blocks":
            if stat.kind == .file { return String(stat.blocks) }
            return home.path == "/" ? String(home.volume.knownContent?.length ?? 0) : "0"
        case "cached": return String(try cachedBytes(stat, home))
        case "peers": return home.path == "/" ? String(home.volume.peerCount) : nil
        default: return nil
        }
    }

    /// Bytes stored here: of a file to the byte; of a folder those of the files below, and of a
    /// drive's root those of its whole content feed, old versions included.
    private func cachedBytes(_ stat: Stat, _ home: Inode.Location) throws -> UInt64 {
        switch stat.kind {
        case .file: return storedBytes(of: stat, in: home.volume)
        case .symlink, .other: return 0
        case .directory:
            if home.path == "/" { return home.volume.knownContent?.localBytes ?? 0 }
            var sum: UInt64 = 0
            try home.volume.view().walk(home.path).forEach { entry in
                if entry.stat.kind == .file {
                    sum &+= storedBytes(of: entry.stat, in: home.volume)
                }
            }
            return sum
        }
    }

    private func storedBytes(of stat: Stat, in volume: Volume) -> UInt64 {
        let estimate = localBytes(of: stat, in: volume, size: stat.size)
        let blocks = stat.contentBlocks
        guard estimate < stat.size, UInt64(blocks.count) <= Limits.sizedBlocks,
            let feed = volume.knownContent
        else { return estimate }
        var sum: UInt64 = 0
        for block in blocks where feed.has(block) {
            sum += (try? feed.size(of: block)) ?? 0
        }
        return sum
    }
}
