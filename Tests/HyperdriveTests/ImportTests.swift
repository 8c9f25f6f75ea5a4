import Corestore
import Foundation
import Glibc
import HyperCrypto
import Synchronization
import TestSupport
import Testing

@testable import Hyperdrive

@Suite(.timeLimit(.minutes(5)))
struct ImportTests {
    let folder: TemporaryFolder
    let tree: LocalTree
    let store: Store
    let drive: Drive

    init() throws {
        folder = try TemporaryFolder()
        tree = LocalTree(root: folder("shared"))
        try tree.folder("")
        store = try Store(folder: folder("store"))
        drive = try Drive.create(in: store)
    }

    @discardableResult
    private func run(
        _ options: FolderImport.Options = .init(), expecting notes: [String] = []
    ) throws -> [String] {
        let heard = Mutex<[String]>([])
        let changed = try FolderImport(drive: drive, folder: tree.root, options: options).run(
            progress: { _ in }, note: { note in heard.withLock { $0.append(note) } })
        let told = heard.withLock { $0 }
        #expect(told.count == notes.count, "\(told)")
        for note in notes { #expect(told.contains { $0.contains(note) }, "\(told)") }
        return changed
    }

    /// The drive as one line each, like the tree.
    private func lines() throws -> [String: String] {
        var lines: [String: String] = [:]
        for entry in try drive.everything() {
            #expect(!entry.isImplicit, "\(entry.path)")
            let mode = String(entry.stat.mode, radix: 8)
            let content =
                switch entry.stat.kind {
                case .file: Blake2b.hash32(try drive.read(entry.path)).hex
                case .symlink: entry.stat.linkname ?? ""
                default: ""
                }
            lines[entry.path] = "\(mode) \(entry.stat.mtime) \(content)"
        }
        return lines
    }

    private func fill() throws {
        var random = SeededRandom(seed: 21)
        try tree.write("a.txt", Array("hello".utf8))
        try tree.write("empty", [])
        try tree.write("block", random.bytes(65536), mode: 0o600)
        try tree.write("blocks", random.bytes(65537), mode: 0o755)
        var large = [UInt8](repeating: 7, count: 3 << 20 | 5)
        for i in stride(from: 0, to: large.count, by: 9999) { large[i] = UInt8(i & 0xff) }
        try tree.write("large", large)
        try tree.write("deep/er/and/deeper/leaf", [1, 2, 3], mode: 0o400)
        try tree.write("odd/ spaces 'and' \"quotes\"", [4])
        try tree.write("odd/back\\slash", [5])
        try tree.write("odd/new\nline", [6])
        try tree.write("odd/C:x", [7])
        try tree.write("odd/..dots", [8])
        try tree.write("odd/\u{65e5}\u{672c}\u{8a9e}", [9])
        try tree.write("odd/e\u{301}", [10])
        try tree.write("odd/\u{e9}", [11])
        try tree.write("odd/" + String(repeating: "n", count: 255), [12])
        try tree.folder("empty folder")
        try tree.link("link", to: "deep/er")
        try tree.link("dangling", to: "/no/such/place")
        try tree.link("out", to: "..")
        chmod(tree.path("deep/er"), 0o700)
        for name in ["deep/er", "deep", "odd", "empty folder"] { tree.touch(name, 1_500_000_000) }
    }

    @Test func aTreeComesOutAsItWentIn() throws {
        try fill()
        let changed = try run()
        #expect(try lines() == tree.lines())
        #expect(try Set(changed) == Set(tree.lines().keys))
        #expect(try drive.entry("/block")?.stat.blocks == 1)
        #expect(try drive.entry("/blocks")?.stat.blocks == 2)
        #expect(try drive.entry("/empty")?.stat.blocks == 0)
    }

    @Test func neighborsAreNeighborsInTheContent() throws {
        try fill()
        try run()
        let files = try drive.everything().filter { $0.stat.kind == .file && $0.stat.size > 0 }
        var next: UInt64 = 0
        for file in files {
            #expect(file.stat.offset == next, "\(file.path)")
            next += file.stat.blocks
        }
        #expect(try drive.content().length == next)
    }

    @Test func aSecondImportFindsNothingToDo() throws {
        try fill()
        try run()
        let version = drive.version
        #expect(try run().isEmpty)
        #expect(drive.version == version)
    }

    @Test func onlyWhatChangedIsAppended() throws {
        try fill()
        try run()
        let length = try drive.content().length
        try tree.write("a.txt", Array("HELLO".utf8), mtime: 1_600_000_100)
        #expect(try run().contains("/a.txt"))
        #expect(try drive.content().length == length + 1)
        #expect(try lines() == tree.lines())
    }

    @Test(arguments: ["a.txt", "large"])
    func aTouchedFileIsNotAppendedAgain(name: String) throws {
        try fill()
        try run()
        let length = try drive.content().length
        tree.touch(name, 1_700_000_000)
        chmod(tree.path(name), 0o640)
        #expect(try run() == ["/" + name])
        #expect(try drive.content().length == length)
        #expect(try lines() == tree.lines())
    }

    @Test func whatIsGoneIsDeletedAndKeptInOldVersions() throws {
        try fill()
        try run()
        let version = drive.version
        try tree.remove("deep")
        try tree.remove("link")
        try run()
        #expect(try lines() == tree.lines())
        #expect(try drive.checkout(version).read("/deep/er/and/deeper/leaf") == [1, 2, 3])
    }

    @Test func filesBecomeFoldersAndBack() throws {
        try fill()
        try run()
        try tree.remove("a.txt")
        try tree.write("a.txt/inside", [1])
        try tree.remove("deep")
        try tree.write("deep", [2])
        try tree.remove("odd")
        try tree.link("odd", to: "a.txt")
        try run()
        #expect(try lines() == tree.lines())
        #expect(try run().isEmpty)
    }

    @Test func aRandomTreeIsFollowedThroughRandomChanges() throws {
        var random = SeededRandom.announced()
        for _ in 0..<6 {
            for _ in 0..<30 {
                let depth = Int.random(in: 1...3, using: &random)
                let names = (0..<depth).map { _ in "n\(Int.random(in: 0..<6, using: &random))" }
                let name = names.joined(separator: "/")
                switch Int.random(in: 0..<4, using: &random) {
                case 0: try? tree.remove(name)
                case 1: try? tree.folder(name)
                default:
                    let size = Int.random(in: 0..<200_000, using: &random)
                    try? tree.write(
                        name, random.bytes(size), mtime: Int.random(in: 1...1 << 30, using: &random)
                    )
                }
            }
            try run()
            #expect(try lines() == tree.lines())
        }
    }

    @Test func socketsAndPipesAreLeftOutWithANote() throws {
        try tree.write("a", [1])
        #expect(mkfifo(tree.path("pipe"), 0o644) == 0)
        try run(expecting: ["pipe: left out"])
        #expect(try drive.everything().map(\.path) == ["/a"])
    }

    @Test func namesThatAreNotTextAreLeftOutWithANote() throws {
        try tree.write("a", [1])
        var name = Array((tree.root + "/").utf8) + [0xff, 0xfe, 0]
        let made = name.withUnsafeMutableBytes {
            open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o644)
        }
        #expect(made >= 0)
        close(made)
        try run(expecting: ["not UTF-8"])
        #expect(try drive.everything().map(\.path) == ["/a"])
    }

    @Test func theRootKeepsItsModeAndTime() throws {
        func setRoot(mode: mode_t, seconds: Int) {
            #expect(chmod(tree.root, mode) == 0)
            let time = timespec(tv_sec: seconds, tv_nsec: 250_000_000)
            #expect(utimensat(AT_FDCWD, tree.root, [time, time], 0) == 0)
        }
        try tree.write("a/b", [1])
        setRoot(mode: 0o2750, seconds: 1_600_000_000)
        try run()
        var root = try #require(try drive.entry("/"))
        #expect(root.stat == Stat.directory(mode: 0o2750, mtime: 1_600_000_000_250))
        // Nothing changed, nothing is written; and nobody sees the hidden key as an entry.
        let version = drive.version
        try run()
        #expect(drive.version == version)
        #expect(try drive.everything().map(\.path).sorted() == ["/a", "/a/b"])
        #expect(try drive.log().map(\.path).sorted() == ["/a", "/a/b"])
        #expect(try drive.changes(from: 1, to: version).map(\.path).sorted() == ["/a", "/a/b"])
        // A version in which another entry is the newest.
        try drive.writeFile("/c", [2], mtime: 5)
        root = try #require(try drive.entry("/"))
        #expect(root.stat == Stat.directory(mode: 0o2750, mtime: 1_600_000_000_250))
        // Only the root changed.
        try drive.apply([.delete(path: "/c")])
        setRoot(mode: 0o700, seconds: 1_700_000_000)
        #expect(try run().isEmpty)
        root = try #require(try drive.entry("/"))
        #expect(root.stat == Stat.directory(mode: 0o700, mtime: 1_700_000_000_250))
    }

    @Test func theStoreItselfIsNeverShared() throws {
        let store = try Store(folder: tree.path("keys"))
        let drive = try Drive.create(in: store)
        try tree.write("a", [1])
        let notes = Mutex<[String]>([])
        _ = try FolderImport(drive: drive, folder: tree.root).run(
            progress: { _ in }, note: { note in notes.withLock { $0.append(note) } })
        #expect(try drive.everything().map(\.path) == ["/a"])
        #expect(notes.withLock { $0 }.contains { $0.contains("keys: left out") })
        try store.close()
    }

    @Test func aNestedDriveSurvives() throws {
        let other = try Drive.create(in: store)
        try tree.write("a/b", [1])
        try run()
        let stat = Stat.directory(mtime: 1)
        try drive.apply([.mount(path: "/a/nested", key: other.key, version: nil, stat: stat)])
        tree.touch("a", 5)
        try run()
        #expect(try drive.entry("/a/nested")?.mount?.key == other.key)
        try tree.remove("a")
        try run()
        #expect(try drive.entry("/a/nested")?.mount?.key == other.key)
    }

    @Test func whatTheFolderKnowsNothingOfIsKept() throws {
        try tree.write("a", [1])
        try run()
        var stat = try #require(try drive.entry("/a")).stat
        stat.attributes = [("user.x", [7])]
        stat.ctime = 77
        try drive.apply([.put(path: "/a", stat: stat)])
        try tree.write("a", [2, 3], mtime: 1_600_000_200)
        try run()
        let new = try #require(try drive.entry("/a")).stat
        #expect(new.attributes.first?.value == [7])
        #expect(new.ctime == 77)
        #expect(try drive.read("/a") == [2, 3])
    }

    @Test func ignoredPathsAreLeftOutAndTakenOut() throws {
        try fill()
        try run()
        let rules = "# notes\n/large\n*.txt\n!keep.txt\ndeep/**/leaf\nempty folder/\n"
        try tree.write(".hyperfsignore", Array(rules.utf8))
        try tree.write("odd/keep.txt", [1])
        try tree.write("odd/.hyperfsignore", Array("keep.txt\n".utf8))
        try run()
        let paths = Set(try drive.everything().map(\.path))
        for path in [
            "/large", "/a.txt", "/deep/er/and/deeper/leaf", "/empty folder", "/odd/keep.txt",
        ] {
            #expect(!paths.contains(path), "\(path)")
        }
        #expect(paths.isSuperset(of: ["/deep/er/and/deeper", "/blocks", "/.hyperfsignore"]))
    }

    @Test func aStoppedImportGoesOnWhereItWas() throws {
        for i in 0..<40 { try tree.write("f\(100 + i)", [UInt8](repeating: UInt8(i), count: 100)) }
        #expect(mkfifo(tree.path("f120pipe"), 0o644) == 0)
        var options = FolderImport.Options()
        options.commitEntries = 4
        let task = FolderImport(drive: drive, folder: tree.root, options: options)
        let error = #expect(throws: DriveError.self) {
            try task.run(progress: { _ in }, note: { _ in task.cancel() })
        }
        #expect(error?.code == .cancelled)
        // What is in the drive is whole.
        for entry in try drive.everything() { #expect(try drive.read(entry.path).count == 100) }
        #expect(try run(options, expecting: ["f120pipe"]).count <= 40)
        #expect(try drive.everything().count == 40)
        #expect(try drive.content().length == 40)
    }

    @Test func singlePathsAreBroughtUpToDate() throws {
        try fill()
        try run()
        let length = try drive.content().length
        try tree.write("deep/er/new/file", [1])
        try tree.write("a.txt", Array("HELLO".utf8), mtime: 1_600_000_100)
        try tree.remove("odd/back\\slash")
        let changed = try FolderImport(drive: drive, folder: tree.root).update(
            ["deep/er/new", "a.txt", "odd/back\\slash", "never/was"], note: { _ in })
        #expect(changed.contains("/deep/er/new/file"))
        #expect(try lines() == tree.lines())
        #expect(try drive.content().length == length + 2)
    }

    @Test func movedFilesKeepTheirContent() throws {
        try fill()
        try run()
        let length = try drive.content().length
        try FileManager.default.moveItem(atPath: tree.path("deep"), toPath: tree.path("moved"))
        try FileManager.default.moveItem(atPath: tree.path("large"), toPath: tree.path("huge"))
        // Many files of one size and time.
        try FileManager.default.moveItem(atPath: tree.path("odd"), toPath: tree.path("even"))
        let changed = try FolderImport(drive: drive, folder: tree.root).update(
            ["deep", "moved", "large", "huge", "odd", "even"], note: { _ in })
        #expect(changed.contains("/moved/er/and/deeper/leaf"))
        #expect(try drive.content().length == length)
        #expect(try lines() == tree.lines())
    }

    @Test func progressEndsWithEverything() throws {
        try fill()
        let last = Mutex(FolderImport.Progress())
        _ = try FolderImport(drive: drive, folder: tree.root).run(
            progress: { progress in last.withLock { $0 = progress } }, note: { _ in })
        let end = last.withLock { $0 }
        #expect(end.files == 15 && end.filesTotal == 15)
        #expect(end.bytes == end.bytesTotal && end.bytes > 3 << 20)
    }

    @Test func aFolderThatIsNotThereDeletesNothing() throws {
        try tree.write("a", [1])
        try run()
        try FileManager.default.removeItem(atPath: tree.root)
        #expect(throws: DriveError.self) { try run() }
        #expect(try drive.everything().map(\.path) == ["/a"])
    }

    @Test func somebodyElsesDriveIsNotWritten() throws {
        let mine = try Drive(store: Store(memory: SeededRandom(seed: 12)), key: drive.key)
        let error = #expect(throws: DriveError.self) {
            try FolderImport(drive: mine, folder: tree.root).run(progress: { _ in }, note: { _ in })
        }
        #expect(error?.code == .notWritable)
    }
}
