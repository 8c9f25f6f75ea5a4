import Corestore
import FileTree
import Glibc
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

/// Drives inside drives.
@Suite(.timeLimit(.minutes(1)))
struct NestedTreeTests {
    private func nest(_ inner: Drive, at path: String, in outer: Drive, version: UInt64? = nil)
        throws
    {
        try outer.apply([
            .mount(
                path: path, key: inner.key, version: version, stat: .directory(mtime: Rig.time))
        ])
    }

    @Test func aNestedDriveIsAFolderWithItsOwnKeyAndNumbers() async throws {
        let rig = try Rig()
        let inner = try Drive.create(in: rig.writer, name: "inner")
        try inner.writeFile("/deep/file", Array("inside".utf8), mtime: Rig.time)
        try nest(inner, at: "/a/nested", in: rig.drive)
        try nest(inner, at: "/again", in: rig.drive)
        let tree = rig.ownTree()
        #expect(try await tree.text("/a/nested/deep/file") == "inside")
        #expect(try await tree.names("/a/nested/deep") == ["file"])
        #expect(try await tree.attribute("/a/nested", "user.hyperfs.key") == inner.key.hex)
        #expect(try await tree.attribute("/a", "user.hyperfs.key") == rig.drive.key.hex)
        #expect(try await tree.attribute("/a/nested/deep", "user.hyperfs.key") == inner.key.hex)
        let (once, twice) = (
            try await tree.find("/a/nested/deep/file"), try await tree.find("/again/deep/file")
        )
        #expect(once.node != twice.node && once.inode != twice.inode)
        #expect(once.device != (try await tree.find("/a").device))
    }

    @Test func aCycleEndsInELOOPAndIsListedAllTheSame() async throws {
        let rig = try Rig()
        try nest(rig.drive, at: "/self", in: rig.drive)
        try rig.write("/f", "x")
        let tree = rig.ownTree()
        #expect(try await tree.names("/") == ["f", "self"])
        #expect(try await tree.list("/", withAttributes: true).count == 4)
        #expect(
            await ask { tree.lookup(parent: tree.root, name: "self", reply: $0) }.errno == ELOOP)
    }

    @Test func aPinnedNestedDriveStaysAndALiveOneFollows() async throws {
        let rig = try Rig()
        let inner = try Drive.create(in: rig.writer, name: "inner")
        try inner.writeFile("/f", Array("old".utf8), mtime: Rig.time)
        try nest(inner, at: "/pinned", in: rig.drive, version: inner.version)
        try nest(inner, at: "/live", in: rig.drive)
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        #expect(try await tree.text("/pinned/f") == "old")
        #expect(try await tree.text("/live/f") == "old")
        let live = try await tree.find("/live").node
        try inner.writeFile("/f", Array("new!".utf8), mtime: Rig.time + 1000)
        await changes.next(.entry(parent: live, name: "f"))
        #expect(try await tree.text("/pinned/f") == "old")
        #expect(try await tree.text("/live/f") == "new!")
    }
}
