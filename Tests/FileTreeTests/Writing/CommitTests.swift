import Glibc
import Hyperdrive
import TestSupport
import Testing

@testable import FileTree

/// What a commit takes, and what it leaves.
@Suite(.timeLimit(.minutes(1)))
struct CommitTests {
    /// Nobody has read the file before, so that nobody has looked for its committed bytes.
    @Test func aFileMayBeWrittenInManyPieces() async throws {
        let rig = try WritingRig()
        var wanted = pattern(100_000)
        try rig.write(["file"], wanted)
        try await rig.syncAll()
        let (tree, node) = (rig.tree, try rig.node(["file"]).get())
        let handle = try rig.now { tree.open(inode: node, flags: O_WRONLY, reply: $0) }.get().handle
        for index in 0..<Limits.stagedRanges + 10 {
            try rig.write(handle, UInt64(2 * index), [7])
            wanted[2 * index] = 7
        }
        #expect(try rig.read(handle) == wanted)
        try await rig.sync(handle)
        #expect(try rig.drive.read("/file") == wanted)
        rig.tree.close(handle: handle)
    }

    @Test func aSyncAsksForNothingThatIsWrittenLater() async throws {
        let rig = try WritingRig()
        try rig.write(["file"], pattern(1000))
        try await rig.syncAll()
        let handle = try rig.create(["file"]).get().opened.handle
        try await rig.sync(handle)
        try rig.write(handle, 0, pattern(10, seed: 3))
        try await rig.syncAll()
        #expect(try rig.drive.read("/file") == pattern(1000), "half of a change")
        try await rig.sync(handle)
        #expect(try rig.drive.read("/file").prefix(10) == pattern(10, seed: 3)[...])
        rig.tree.close(handle: handle)
    }

    /// The kernel tells of the end of a handle at some later time.
    @Test func whatWasClosedIsKeptBeforeItsHandleIsGone() async throws {
        let rig = try WritingRig()
        let first = try rig.create(["file"]).get().opened.handle
        try rig.write(first, 0, pattern(1000))
        try rig.tree.flush(handle: first)
        let second = try rig.create(["file"], flags: O_RDWR | O_TRUNC).get().opened.handle
        rig.tree.close(handle: first)
        try rig.write(second, 0, pattern(10))
        try await rig.syncAll()
        #expect(try rig.drive.read("/file") == pattern(1000))
        rig.tree.close(handle: second)
    }

    /// A file that has lost committed bytes cannot go into the drive: whoever waits is told, and
    /// all others do.
    @Test func aLostBlockHoldsUpItsFileOnly() async throws {
        let rig = try WritingRig()
        try rig.write(["bad"], pattern(200_000))
        try await rig.syncAll()
        let content = try rig.drive.content()
        try content.clear(0..<content.length)
        let handle = try rig.create(["bad"]).get().opened.handle
        try rig.write(handle, 0, pattern(10, seed: 3))
        rig.tree.close(handle: handle)
        // Whoever closes a file may be told of it, too.
        try? rig.write(["good"], pattern(1000))
        for _ in 0..<3 { await #expect(throws: PosixError.self) { try await rig.syncAll() } }
        #expect(try rig.drive.read("/good") == pattern(1000))
        #expect(content.length == 5, "nothing is appended in vain")
        // Who writes all of it needs nothing of what was there.
        try? rig.write(["bad"], pattern(300, seed: 4))
        try await rig.syncAll()
        #expect(try rig.drive.read("/bad") == pattern(300, seed: 4))
    }
}
