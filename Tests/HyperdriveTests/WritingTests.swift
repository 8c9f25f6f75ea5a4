import Corestore
import HyperCrypto
import Hypercore
import Synchronization
import TestSupport
import Testing

@testable import Hyperdrive

@Suite(.timeLimit(.minutes(5)))
struct WritingTests {
    let store = Store(memory: SeededRandom(seed: 41))

    @Test func aNewDriveIsEmptyAndFoundAgainByItsName() throws {
        let drive = try Drive.create(in: store, name: "mine")
        #expect(drive.version == 1)
        #expect(try drive.list("/").isEmpty)
        #expect(try drive.content().key == store.feed(name: drive.key.hex + "-content").key)
        #expect(store.companions(of: drive.metadata).map(\.key) == [try drive.content().key])
        try drive.writeFile("/a", [1], mtime: 5)
        let again = try Drive.create(in: store, name: "mine")
        #expect(again.key == drive.key)
        #expect(try again.read("/a") == [1])
        #expect(try Drive.create(in: store).key != drive.key)
    }

    @Test func editsOfOneCallAreOneVersionStep() throws {
        let drive = try Drive.create(in: store)
        try drive.apply((0..<20).map { .put(path: "/f\($0)", stat: Stat.file(mtime: 1)) })
        #expect(drive.version == 21)
        #expect(
            try drive.metadata.proof(for: 20, digest: 0, includeLeaf: true, remote: RemoteNodes())
                != nil)
        try drive.apply([
            .delete(path: "/f3"), .delete(path: "/never"),
            .put(path: "/f4/x", stat: Stat.file(mtime: 1)),
        ])
        #expect(try drive.entry("/f3") == nil)
        #expect(try drive.entry("/f4")?.stat.kind == .directory)
    }

    @Test func nestedDrivesComeAndGo() throws {
        let outer = try Drive.create(in: store)
        let inner = try Drive.create(in: store)
        let stat = Stat.directory(mode: 0o750, mtime: 9)
        try outer.apply([.mount(path: "/m", key: inner.key, version: nil, stat: stat)])
        #expect(outer.version == 3)
        try outer.writeFile("/m/in", [7], mtime: 1)
        #expect(outer.version == 3)
        #expect(try inner.read("/in") == [7])
        #expect(try outer.read("/m/in") == [7])
        var changed = try #require(try outer.entry("/m")).stat
        changed.mode = 0o040700
        try outer.apply([.put(path: "/m", stat: changed), .put(path: "/m/d", stat: stat)])
        #expect(try outer.entry("/m")?.mount?.key == inner.key)
        #expect(try outer.entry("/m")?.stat.mode == 0o040700)
        #expect(try outer.list("/m").map(\.name) == ["d", "in"])
        try outer.apply([.delete(path: "/m")])
        #expect(try outer.list("/").isEmpty)
        #expect(try outer.entry("/m/in") == nil)
        try outer.apply([.mount(path: "/m", key: inner.key, version: 2, stat: stat)])
        #expect(try outer.list("/m").map(\.name) == ["in"])
        let error = #expect(throws: DriveError.self) { try outer.writeFile("/m/x", [1], mtime: 1) }
        #expect(error?.code == .notWritable)
    }

    @Test func oldVersionsAndForeignDrivesRefuseToBeWritten() throws {
        let drive = try Drive.create(in: store)
        try drive.writeFile("/a", [1], mtime: 1)
        let foreign = try Drive(store: Store(memory: SeededRandom(seed: 42)), key: drive.key)
        for drive in [try drive.checkout(2), foreign] {
            #expect(!drive.isWritable)
            let error = #expect(throws: DriveError.self) {
                try drive.apply([.delete(path: "/a")])
            }
            #expect(error?.errno == 30)
        }
    }

    @Test func tagsAreSetReadAndRemoved() throws {
        let drive = try Drive.create(in: store)
        try drive.setTag("v1", version: 300)
        try drive.setTag("v1", version: 1)
        try drive.setTag("a/b", version: 1 << 40)
        #expect(try drive.tags().map { "\($0.name) \($0.version)" } == ["a/b \(1 << 40)", "v1 1"])
        #expect(try drive.removeTag("v1"))
        #expect(try !drive.removeTag("v1"))
        #expect(try drive.tag("v1") == nil)
        #expect(try drive.list("/").isEmpty)
        #expect(try drive.log().isEmpty)
    }

    @Test func contentIsCutIntoBlocksOfSixtyFourKiB() throws {
        let drive = try Drive.create(in: store)
        let writer = try ContentWriter(drive)
        var random = SeededRandom(seed: 3)
        let bytes = random.bytes(200_000)
        var start = 0
        for count in [1, 65535, 65536, 3, 68925] {
            bytes[start..<start + count].withUnsafeBytes { part in
                #expect(throws: Never.self) { try writer.write(part) }
            }
            start += count
        }
        let range = try writer.finish()
        #expect(range == ContentRange(blocks: 0..<4, byteOffset: 0, size: 200_000))
        try drive.apply([.put(path: "/f", stat: Stat.file(mtime: 1).with(range))])
        #expect(try drive.read("/f") == bytes)
        #expect(try drive.content().size(of: 0) == 65536)
    }

    /// Everything acknowledged before the power failed is there, whatever the disk did with the
    /// rest, and nothing in the drive is broken.
    @Test func acknowledgedFilesSurviveAPowerFailure() throws {
        var random = SeededRandom.announced()
        let disk = FaultyDisk()
        let store = Store(random: SeededRandom(seed: 51)) { disk.storage($0) }
        let drive = try Drive.create(in: store, name: "d")
        var acknowledged: [(after: Int, files: [String: UInt8])] = [(disk.log.count, [:])]
        var files: [String: UInt8] = [:]
        for i in 0..<8 {
            let name = "/f\(Int.random(in: 0..<4, using: &random))"
            if i % 4 == 3 {
                try drive.apply([.delete(path: name)])
                files[name] = nil
            } else {
                try drive.writeFile(name, [UInt8](repeating: UInt8(i), count: 70_000), mtime: 1)
                files[name] = UInt8(i)
            }
            acknowledged.append((disk.log.count, files))
        }
        for _ in 0..<60 {
            let end = Int.random(in: acknowledged[0].after...disk.log.count, using: &random)
            let seed = random.next()
            let image = disk.image(after: end, seed: seed)
            let store = Store(random: SeededRandom(seed: 51)) { image[$0] ?? MemoryStorage() }
            let drive = try Drive.create(in: store, name: "d")
            let safe = acknowledged.last { $0.after <= end }?.files ?? [:]
            let next = acknowledged.first { $0.after > end }?.files ?? files
            let found = try Dictionary(
                uniqueKeysWithValues: drive.list("/").map { ($0.path, try drive.read($0.path)) })
            for (path, bytes) in found {
                #expect(Set(bytes).count == 1 && bytes.count == 70_000, "\(path)")
            }
            let values = found.mapValues { $0[0] }
            #expect(values == safe || values == next, "after \(end) with fates \(seed)")
        }
    }

    /// Whichever call to the disk fails, the caller hears of it, and the drive stays readable.
    @Test func aFailingDiskBreaksNothing() throws {
        var call = 0
        while true {
            let disk = FaultyDisk()
            let store = Store(random: SeededRandom(seed: 61)) { disk.storage($0) }
            let drive = try Drive.create(in: store, name: "d")
            try drive.writeFile("/a", [1], mtime: 1)
            disk.plan.fail(call, errno: 28)
            let isWritten: Bool
            do {
                try drive.writeFile("/b", [2], mtime: 1)
                isWritten = true
            } catch {
                #expect((error as? FeedError)?.errno == 28)
                isWritten = false
            }
            let hits = disk.plan.hits
            disk.plan.heal()
            if hits == 0 { break }
            #expect(!isWritten)
            #expect(try drive.read("/a") == [1])
            let image = disk.image(after: disk.log.count, seed: nil)
            let again = try Drive.create(
                in: Store(random: SeededRandom(seed: 61)) { image[$0] ?? MemoryStorage() },
                name: "d")
            #expect(try again.read("/a") == [1])
            if try again.entry("/b") != nil { #expect(try again.read("/b") == [2]) }
            try again.writeFile("/c", [3], mtime: 1)
            #expect(try again.read("/c") == [3])
            call += 1
        }
        #expect(call > 5)
    }
}
