import FileTree
import Glibc
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

/// A drive that its writer changes while somebody looks.
@Suite(.timeLimit(.minutes(1)))
struct LiveTreeTests {
    @Test func aReaderKeepsItsVersionAndTheNextOneSeesTheNew() async throws {
        let rig = try Rig()
        try rig.write("/f", "old content")
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        let before = try await tree.find("/f")
        let handle = try await tree.openFile("/f")
        try rig.write("/f", "new")
        await changes.next(.entry(parent: tree.root, name: "f"))
        #expect(try tree.readNow(handle, 0, 100) == Array("old content".utf8))
        let pinned = try await ask { tree.attributes(inode: before.node, reply: $0) }.get()
        #expect(pinned.size == 11, "the open file is the old one")
        let after = try await tree.find("/f")
        #expect(after.node != before.node)
        #expect(after.inode == before.inode)
        #expect(after.size == 3)
        #expect(try await tree.text("/f") == "new")
        #expect(tree.version == rig.drive.version)
        tree.close(handle: handle)
        #expect(
            await ask { tree.open(inode: before.node, flags: 0, reply: $0) }.errno == ESTALE,
            "the kernel is sent to look again")
    }

    @Test func justTheChangedNamesAreTold() async throws {
        let rig = try Rig()
        for name in ["keep", "change", "remove"] { try rig.write("/d/" + name, name) }
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        for name in ["keep", "change", "remove"] { _ = try await tree.find("/d/" + name) }
        let folder = try await tree.find("/d").node
        _ = await ask { tree.lookup(parent: folder, name: "add", reply: $0) }
        try rig.drive.apply([.delete(path: "/d/remove")])
        try rig.write("/d/change", "changed!")
        try rig.write("/d/add", "added")
        await changes.next(.entry(parent: folder, name: "add"))
        await changes.next(.entry(parent: folder, name: "remove"))
        await changes.next(.entry(parent: folder, name: "change"))
        #expect(!changes.all.contains(.entry(parent: folder, name: "keep")))
        #expect(changes.all.contains(.listing(folder)))
        #expect(!changes.all.contains(.entry(parent: tree.root, name: "d")))
        #expect(try await tree.names("/d") == ["add", "change", "keep"])
        #expect(
            await ask { tree.lookup(parent: folder, name: "remove", reply: $0) }.errno == ENOENT)
        #expect(try await tree.text("/d/change") == "changed!")
    }

    @Test func aModeAloneKeepsTheNode() async throws {
        let rig = try Rig()
        try rig.write("/f", "content")
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        let before = try await tree.find("/f")
        var stat = try #require(try rig.drive.entry("/f")).stat
        stat.mode = 0o100600
        try rig.drive.apply([.put(path: "/f", stat: stat)])
        await changes.next(.attributes(before.node))
        let after = try await tree.find("/f")
        #expect(after.node == before.node)
        #expect(after.mode == 0o100600)
    }

    @Test func foldersComeAndGoWithWhatIsBelowThem() async throws {
        let rig = try Rig()
        try rig.write("/here", "x")
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        let root = tree.root
        #expect(await ask { tree.lookup(parent: root, name: "new", reply: $0) }.errno == ENOENT)
        try rig.write("/new/deep/file", "y")
        await changes.next(.entry(parent: root, name: "new"))
        #expect(try await tree.text("/new/deep/file") == "y")
        try rig.drive.apply([.delete(path: "/new/deep/file")])
        await changes.next(.expiry(parent: root, name: "new"))
        #expect(await ask { tree.lookup(parent: root, name: "new", reply: $0) }.errno == ENOENT)
        #expect(try await tree.names("/") == ["here"])
    }

    @Test func aListTakenBeforeAChangeHandsOutNoOldAttributes() async throws {
        let rig = try Rig()
        try rig.write("/f", "1")
        let tree = rig.ownTree()
        let changes = Changes(of: tree)
        _ = try await tree.find("/f")
        let handle = try await ask { tree.openDirectory(inode: tree.root, reply: $0) }.get()
        #expect(!handle.keepsCache)
        let again = try await ask { tree.openDirectory(inode: tree.root, reply: $0) }.get()
        #expect(again.keepsCache)
        try rig.write("/f", "22")
        await changes.next(.entry(parent: tree.root, name: "f"))
        var entries: [DirectoryEntry] = []
        try tree.readDirectory(
            handle: handle.handle, from: 2, withAttributes: true,
            take: { _, entry in
                entries.append(entry)
                return true
            }, finish: {})
        #expect(entries.map(\.name) == ["f"])
        #expect(entries.allSatisfy { $0.attributes == nil })
        let later = try await ask { tree.openDirectory(inode: tree.root, reply: $0) }.get()
        #expect(!later.keepsCache)
        #expect(try await tree.find("/f").size == 2)
    }

    @Test func aForeignDriveIsFollowed() async throws {
        let rig = try Rig()
        try rig.write("/f", "one")
        let tree = try rig.foreignTree()
        #expect(try await tree.text("/f") == "one")
        let changes = Changes(of: tree)
        try rig.write("/f", "two")
        try rig.write("/g", "three")
        try rig.peer.announce(to: tree.drive.metadata)
        await changes.next(.entry(parent: tree.root, name: "f"))
        #expect(try await tree.text("/f") == "two")
        #expect(try await tree.text("/g") == "three")
    }
}
