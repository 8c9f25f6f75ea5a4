import Foundation
import Glibc
import TestSupport
import Testing

@testable import Hyperdrive

@Suite(.timeLimit(.minutes(5)))
struct WatchTests {
    let folder: TemporaryFolder
    let tree: LocalTree

    init() throws {
        folder = try TemporaryFolder()
        tree = LocalTree(root: folder("watched"))
        try tree.folder("a/b")
        try tree.write("a/b/old", [1])
    }

    /// Changes until all of the paths were told.
    private func wait(_ watch: FolderWatch, for paths: Set<String>) -> Bool {
        var missing = paths
        while !missing.isEmpty, let change = watch.next() {
            guard case .paths(let told) = change else { return false }
            missing.subtract(told)
        }
        return missing.isEmpty
    }

    @Test func writtenDeletedAndChangedFilesAreTold() throws {
        let watch = try FolderWatch(folder: tree.root)
        try tree.write("a/new", [1])
        try tree.remove("a/b/old")
        #expect(wait(watch, for: ["a/new", "a/b/old"]))
        chmod(tree.path("a/new"), 0o600)
        #expect(wait(watch, for: ["a/new"]))
    }

    @Test func newFoldersAreWatchedToo() throws {
        let watch = try FolderWatch(folder: tree.root)
        try tree.folder("x/y/z")
        #expect(wait(watch, for: ["x"]))
        try tree.write("x/y/z/file", [1])
        #expect(wait(watch, for: ["x/y/z/file"]))
    }

    @Test func aMovedFolderIsFollowedUnderItsNewName() throws {
        let watch = try FolderWatch(folder: tree.root)
        try FileManager.default.moveItem(atPath: tree.path("a"), toPath: tree.path("moved"))
        #expect(wait(watch, for: ["a", "moved"]))
        try tree.write("moved/b/file", [1])
        #expect(wait(watch, for: ["moved/b/file"]))
    }

    @Test func aFolderMovedAwayIsNoLongerWatched() throws {
        let watch = try FolderWatch(folder: tree.root)
        try FileManager.default.moveItem(atPath: tree.path("a"), toPath: folder("outside"))
        #expect(wait(watch, for: ["a"]))
        try Data([1]).write(to: URL(fileURLWithPath: folder("outside/b/file")))
        try tree.write("last", [1])
        guard case .paths(let told) = watch.next() else { return #expect(Bool(false)) }
        #expect(told == ["last"])
    }

    @Test func stopEndsTheWaiting() throws {
        let watch = try FolderWatch(folder: tree.root)
        let thread = Thread { watch.stop() }
        thread.start()
        #expect(watch.next() == nil)
        #expect(watch.next() == nil)
    }

    @Test func theFolderItselfGoingAwayIsEverything() throws {
        let watch = try FolderWatch(folder: tree.root)
        try FileManager.default.moveItem(atPath: tree.root, toPath: folder("elsewhere"))
        #expect(watch.next() == .everything)
    }

    @Test func aFolderThatCannotBeWatchedAnyMoreIsSaidOnce() throws {
        var table = WatchTable()
        let queue = inotify_init1(Int32(IN_NONBLOCK))
        try table.add("", below: tree.root, to: queue)
        close(queue)
        let event = WatchEvent(watch: 1, mask: Inotify.created | Inotify.isFolder, name: "a")
        #expect(table.take(event, below: tree.root, on: queue) == nil, "look at everything")
        #expect(table.fault?.errno == EBADF)
    }

    @Test func aFolderThatIsNotThereCannotBeWatched() throws {
        #expect(throws: DriveError.self) { try FolderWatch(folder: folder("nope")) }
    }
}
