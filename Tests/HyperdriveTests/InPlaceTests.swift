import Corestore
import Foundation
import HyperCrypto
import Hypercore
import TestSupport
import Testing

@testable import Hyperdrive

/// Folders that are shared in place: the store has no second copy of what they hold.
@Suite(.timeLimit(.minutes(5)))
struct InPlaceTests {
    let folder: TemporaryFolder
    let tree: LocalTree
    let key: PublicKey

    init() throws {
        folder = try TemporaryFolder()
        tree = LocalTree(root: folder("shared"))
        try tree.folder("")
        let store = try Store(folder: folder("store"))
        key = try Drive.create(in: store).key
        try store.close()
    }

    /// A visit of the store: opened, used, closed.
    private func visit(_ body: (Drive) throws -> Void) throws {
        let store = try Store(folder: folder("store"))
        defer { try? store.close() }
        try body(try Drive(store: store, key: key))
    }

    @discardableResult
    private func share(
        _ drive: Drive, _ paths: [String]? = nil, isInPlace: Bool = true
    ) throws -> [String] {
        var options = FolderImport.Options()
        options.isInPlace = isInPlace
        let work = FolderImport(drive: drive, folder: tree.root, options: options)
        return if let paths { try work.update(paths, note: { _ in }) } else {
            try work.run(progress: { _ in }, note: { _ in })
        }
    }

    /// The drive as one line each, like the tree.
    private func lines(_ drive: Drive) throws -> [String: String] {
        var lines: [String: String] = [:]
        for entry in try drive.everything() {
            let mode = String(entry.stat.mode, radix: 8)
            let content =
                entry.stat.kind == .file ? Blake2b.hash32(try drive.read(entry.path)).hex : ""
            lines[entry.path] = "\(mode) \(entry.stat.mtime) \(content)"
        }
        return lines
    }

    private func fill() throws {
        var random = SeededRandom(seed: 3)
        try tree.write("small", random.bytes(1000))
        try tree.write("empty", [])
        try tree.write("deep/er/some", random.bytes(200_000))
        try tree.write("large", random.bytes(3 << 20 | 5))
    }

    /// What the data files of the store take of the disk.
    private func dataBytes() -> Int {
        var sum = 0
        for name in FileManager.default.enumerator(atPath: folder("store")) ?? .init() {
            guard let name = name as? String, name.hasSuffix("/data") else { continue }
            var status = stat()
            if stat(folder("store/" + name), &status) == 0 { sum += Int(status.st_blocks) * 512 }
        }
        return sum
    }

    @Test func theStoreKeepsNoCopy() throws {
        try fill()
        try visit { drive throws in
            try share(drive)
            #expect(try lines(drive) == tree.lines())
        }
        #expect(dataBytes() < 64 << 10)
        try visit { drive throws in
            #expect(try lines(drive) == tree.lines())
            let version = drive.version
            #expect(try share(drive).isEmpty)
            #expect(drive.version == version)
        }
        // A reader beside a node opens the store like this.
        let store = try Store(folder: folder("store"), readOnly: true)
        #expect(try lines(Drive(store: store, key: key)) == tree.lines())
    }

    @Test func aMovedFileIsTheSameContent() throws {
        try fill()
        try visit { drive throws in
            try share(drive)
            let length = try drive.content().length
            try FileManager.default.moveItem(
                atPath: tree.path("large"), toPath: tree.path("deep/film"))
            try FileManager.default.moveItem(
                atPath: tree.path("small"), toPath: tree.path("deep/er/little"))
            try share(drive, ["large", "deep/film", "small", "deep/er/little", "deep", "deep/er"])
            #expect(try drive.content().length == length)
            #expect(try lines(drive) == tree.lines())
        }
        try visit { drive throws in #expect(try lines(drive) == tree.lines()) }
        #expect(dataBytes() < 64 << 10)
    }

    @Test func oldBytesAreForgottenWithTheFile() throws {
        try fill()
        try visit { drive throws in
            try share(drive)
            let old = try #require(try drive.entry("/large"))
            let before = drive.version
            var bytes = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: tree.path("large"))))
            bytes[2 << 20] ^= 1
            try tree.write("large", bytes, mtime: 1_600_000_001)
            try tree.remove("small")
            try share(drive)
            #expect(try lines(drive) == tree.lines())
            let content = try drive.content()
            #expect(
                content.localBlocks(in: old.stat.offset..<old.stat.offset + old.stat.blocks) == 0)
            let then = try drive.checkout(before)
            #expect(throws: MissingBlocks.self) { _ = try then.read("/large") }
            #expect(throws: MissingBlocks.self) { _ = try then.read("/small") }
            #expect(try then.read("/deep/er/some").count == 200_000)
        }
        try visit { drive throws in #expect(try lines(drive) == tree.lines()) }
    }

    /// Same size and time, other bytes: the store cannot take those of before any more.
    @Test func whatChangedUnseenIsImportedWhenTheStoreTakesItsCopy() throws {
        try fill()
        try visit { _ = try share($0) }
        for name in ["large", "small"] {
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: tree.path(name))))
            bytes[900] ^= 1
            try tree.write(name, bytes)
        }
        try visit { drive in
            try share(drive, isInPlace: false)
            #expect(try lines(drive) == tree.lines())
        }
    }

    @Test func aFolderThatWasAwayIsWholeAgain() throws {
        try fill()
        try visit { _ = try share($0) }
        try FileManager.default.moveItem(atPath: tree.root, toPath: folder("away"))
        try visit { drive throws in
            #expect(throws: MissingBlocks.self) { _ = try drive.read("/large") }
            #expect(throws: MissingBlocks.self) { _ = try drive.read("/small") }
        }
        try FileManager.default.moveItem(atPath: folder("away"), toPath: tree.root)
        try visit { drive throws in
            let (version, length) = (drive.version, try drive.content().length)
            #expect(try share(drive).isEmpty)
            #expect(try drive.version == version && drive.content().length == length)
            #expect(try lines(drive) == tree.lines())
        }
    }

    @Test func itIsCopiedAndLentAgain() throws {
        try fill()
        try visit { _ = try share($0, isInPlace: false) }
        #expect(dataBytes() > 3 << 20)
        var version: UInt64 = 0
        try visit { version = $0.version }
        try visit { drive throws in
            #expect(try share(drive).isEmpty)
            #expect(drive.version == version)
            #expect(try lines(drive) == tree.lines())
        }
        #expect(dataBytes() < 64 << 10)
        try visit { drive throws in
            #expect(try share(drive, isInPlace: false).isEmpty)
            #expect(try drive.content().lendingFolder == nil)
        }
        #expect(dataBytes() > 3 << 20)
        let expected = try tree.lines()
        try FileManager.default.removeItem(atPath: tree.root)
        try visit { drive throws in #expect(try lines(drive) == expected) }
    }

    /// Two files that are one in the drive: each goes its own way.
    @Test(arguments: [true, false])
    func whatOneOfTwoHasIsNotLostWithTheOther(_ isInPlace: Bool) throws {
        try fill()
        try visit { try share($0, isInPlace: isInPlace) }
        try FileManager.default.moveItem(atPath: tree.path("large"), toPath: tree.path("one"))
        try FileManager.default.moveItem(atPath: tree.path("small"), toPath: tree.path("a"))
        for (old, new) in [("one", "two"), ("a", "b")] {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: tree.path(old))))
            try tree.write(new, bytes)
        }
        try visit { drive throws in
            let paths = ["large", "small", "one", "two", "a", "b"]
            try share(drive, paths, isInPlace: isInPlace)
            try share(drive)
            #expect(try lines(drive) == tree.lines())
            let length = try drive.content().length
            #expect(try share(drive).isEmpty)
            #expect(try drive.content().length == length)
            // Also when nothing of the other one is looked at.
            try tree.write("one", [1, 2, 3], mtime: 1_600_000_001)
            try share(drive, ["one"])
            #expect(try lines(drive) == tree.lines())
            try tree.remove("b")
            try share(drive)
            #expect(try lines(drive) == tree.lines())
        }
    }

    /// Changes of all kinds between imports, whole and of paths, in place and not, and openings of
    /// the store: the drive is the folder each time.
    @Test func itFollowsWhateverHappens() throws {
        var random = SeededRandom.announced()
        var time = 1_700_000_000
        var isInPlace = true
        var names: [String] = []
        for _ in 0..<40 {
            var touched: [String] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                touched += try change(&names, &random, &time)
            }
            let isWhole = Int.random(in: 0..<4, using: &random) == 0
            if isWhole, Bool.random(using: &random) { isInPlace.toggle() }
            try visit { drive throws in
                let parents = touched.flatMap { path in
                    [path, path.split(separator: "/").dropLast().joined(separator: "/")]
                }
                try share(drive, isWhole ? nil : parents, isInPlace: isInPlace)
                #expect(try lines(drive) == tree.lines())
            }
            try visit { drive throws in
                #expect(try lines(drive) == tree.lines())
                #expect(try drive.content().verifyStored(0..<drive.content().length).isEmpty)
            }
        }
    }

    /// One change of the folder; the paths that it concerns.
    private func change(
        _ names: inout [String], _ random: inout SeededRandom, _ time: inout Int
    ) throws -> [String] {
        time += 1
        let folders = ["", "a/", "a/b/", "c/"]
        let name =
            (folders.randomElement(using: &random) ?? "")
            + "f\(Int.random(in: 0..<1000, using: &random))"
        let sizes = [0, 1, 65_536, 65_537, 300_000, 1 << 20, 1 << 20 | 1, 2_500_000]
        let known = names.indices.randomElement(using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            guard let known else { fallthrough }
            let old = names.remove(at: known)
            if Bool.random(using: &random) {
                try tree.remove(old)
                return [old]
            }
            if old == name { return [] }
            try tree.folder(name.split(separator: "/").dropLast().joined(separator: "/"))
            try? FileManager.default.removeItem(atPath: tree.path(name))
            try FileManager.default.moveItem(atPath: tree.path(old), toPath: tree.path(name))
            names = names.filter { $0 != name } + [name]
            return [old, name]
        case 2:
            guard let known else { fallthrough }
            // In place: another byte somewhere.
            let path = names[known]
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: tree.path(path))))
            guard let index = bytes.indices.randomElement(using: &random) else { return [] }
            bytes[index] ^= 1
            try tree.write(path, bytes, mtime: time)
            return [path]
        default:
            let size = sizes.randomElement(using: &random) ?? 0
            try tree.write(name, random.bytes(size), mtime: time)
            names = names.filter { $0 != name } + [name]
            return [name]
        }
    }
}
