import Corestore
import Foundation
import HyperCrypto
import Hypercore
import Hyperdrive
import TestSupport

extension FuzzTarget {
    static let driveTargets: [FuzzTarget] = [stat, drive]

    private static let stat = FuzzTarget("stat") {
        let messages = try Fixtures.json("hyperdrive/drives/messages.json")
        return (messages["stats"].array + messages["rawStats"].array)
            .compactMap { [UInt8](hex: $0["bytes"].string) }
    } body: { input in
        let stat = try Stat(decoding: input.rest())
        let again = try Stat(decoding: stat.encoded())
        // An empty link target reads like none, so bytes are compared, not values.
        check(again.encoded() == stat.encoded(), "what we write reads the same")
    }

    /// A drive whose metadata a hostile author wrote: whatever is looked at, it ends.
    private static let drive = FuzzTarget("drive") {
        let folder = Fixtures.path("hyperdrive/drives/store-tree")
        let feeds = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        let folders = (feeds ?? []).filter { $0.hasSuffix("/key") }.map { $0.dropLast(4) }
        return try folders.sorted().map { try blocks(of: "\(folder)/\($0)") }
    } body: { input in
        var blocks: [[UInt8]] = []
        while !input.isEmpty, blocks.count < 48 { blocks.append(input.piece()) }
        let store = Store(memory: SeededRandom(seed: 1))
        let feed = try store.newFeed()
        try feed.append(blocks)
        let drive = try Drive(store: store, key: feed.key)
        let entries = (try? drive.everything("/", enterMounts: true)) ?? []
        check(entries.count <= 48 * 48, "a small drive has few files")
        for entry in entries.prefix(16) {
            _ = try? drive.entry(entry.path)
            _ = try? drive.read(entry.path, max: 1 << 16)
        }
        for path in ["/", "/a", "/a/b/c", "a//b/../c"] {
            _ = try? drive.list(path)
            _ = try? drive.entry(path)
        }
        _ = try? drive.changes(from: 1, to: drive.version)
        _ = try? drive.log()
        _ = try? drive.tags()
        try drive.writeFile("/new", [1, 2, 3], mtime: 0)
        check(try drive.read("/new") == [1, 2, 3], "what was written is read")
    }

    /// A recorded feed, through memory so that opening it changes no fixture.
    private static func blocks(of folder: String) throws -> [UInt8] {
        let storage = MemoryStorage()
        for file in FeedFile.allCases where file != .secretKey {
            let url = URL(fileURLWithPath: folder + "/" + file.rawValue)
            storage.setContents([UInt8](try Data(contentsOf: url)), of: file)
        }
        let feed = try Feed(storage: storage)
        return try (0..<min(feed.length, 24)).flatMap {
            FuzzInput.piece(try feed.block($0) ?? [])
        }
    }
}
