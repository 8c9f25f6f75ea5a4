import HyperCrypto
import Hypercore
import Hyperdrive

extension Engine {
    /// The blocks that hold the bytes of what is at and below a path, drives nested there
    /// included; and how many files and bytes that is. Throws `MissingBlocks`, `.notFound`.
    static func content(
        of drive: Drive, at path: String
    ) throws -> (blocks: BlockSet, files: Int, bytes: UInt64) {
        guard let top = try drive.entry(path) else { throw EditScene.notFound(path) }
        var blocks = BlockSet()
        var ranges: [ObjectIdentifier: (feed: Feed, ranges: [Range<UInt64>])] = [:]
        var (files, bytes, gathered) = (0, UInt64(0), 0)
        let gather = {
            for (feed, ranges) in ranges.values { blocks.add(ranges, of: feed) }
            (ranges, gathered) = ([:], 0)
        }
        let add = { (entry: Entry) in
            guard entry.stat.kind == .file else { return }
            let content = try entry.drive.content(of: entry.stat)
            files += 1
            bytes &+= content.size
            ranges[ObjectIdentifier(content.feed), default: (content.feed, [])].ranges
                .append(content.blocks)
            gathered += 1
            if gathered >= Limits.rangesGathered { gather() }
        }
        if top.stat.kind == .directory {
            try drive.walk(path, enterMounts: true).forEach(add)
        } else {
            try add(top)
        }
        gather()
        return (blocks, files, bytes)
    }

    /// What no eviction may touch: everything pinned, as far as it is known here.
    func pinnedBlocks() throws -> BlockSet {
        var blocks = BlockSet()
        for pin in try PinList.load(store: configuration.store) {
            guard let drive = try? open(pin) else { continue }
            // What is not known is not here either.
            guard let found = try? Self.content(of: drive, at: pin.path) else {
                // But rather keep too much: all of a drive whose names are in part elsewhere.
                if let feed = try? drive.content() { blocks.add([0..<feed.length], of: feed) }
                continue
            }
            for part in found.blocks.parts { blocks.add(part.ranges, of: part.feed) }
        }
        return blocks
    }

    /// The drive of a pin.
    func open(_ pin: Pin) throws -> Drive {
        guard let key = PublicKey(hex: pin.key) else {
            throw NodeError(.corrupt, "a pin of '\(pin.key)'", hint: "see pins.json in the store")
        }
        return try Drive(store: store, key: key, version: pin.version)
    }
}
