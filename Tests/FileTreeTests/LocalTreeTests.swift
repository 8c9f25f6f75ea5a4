import FileTree
import Glibc
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

/// A drive that is all here.
@Suite(.timeLimit(.minutes(1)))
struct LocalTreeTests {
    @Test func everythingLocalIsAnsweredAtOnceOnTheSameThread() throws {
        let rig = try Rig()
        try rig.write("/folder/file.txt", "hello")
        let tree = rig.ownTree()
        let root = try #require(askNow { tree.attributes(inode: tree.root, reply: $0) }).get()
        #expect(root.mode == 0o040755)
        #expect(root.node == 1)
        let folder = try #require(
            askNow { tree.lookup(parent: tree.root, name: "folder", reply: $0) }
        ).get()
        #expect(folder.mode & S_IFMT == S_IFDIR)
        #expect(folder.linkCount == 2)
        let file = try #require(
            askNow { tree.lookup(parent: folder.node, name: "file.txt", reply: $0) }
        ).get()
        #expect(file.mode == 0o100644)
        #expect(file.size == 5)
        #expect(file.blocks512 == 1)
        #expect(file.mtime == Rig.time)
        let opened = try #require(askNow { tree.open(inode: file.node, flags: 0, reply: $0) }).get()
        #expect(opened.keepsCache)
        #expect(try tree.readNow(opened.handle, 0, 100) == Array("hello".utf8))
        #expect(try tree.readNow(opened.handle, 3, 100) == Array("lo".utf8))
        #expect(try tree.readNow(opened.handle, 5, 100) == [])
        #expect(try tree.readNow(opened.handle, .max, 100) == [])
        tree.close(handle: opened.handle)
        #expect(throws: PosixError.self) { try tree.readNow(opened.handle, 0, 1) }
        #expect(tree.waitingCount == 0)
    }

    @Test func whatIsNotThereIsENOENTAndWhatCannotBeSaysWhy() async throws {
        let rig = try Rig()
        try rig.write("/file", "x")
        let tree = rig.ownTree()
        let root = tree.root
        #expect(await ask { tree.lookup(parent: root, name: "gone", reply: $0) }.errno == ENOENT)
        let long = String(repeating: "n", count: 256)
        #expect(
            await ask { tree.lookup(parent: root, name: long, reply: $0) }.errno == ENAMETOOLONG)
        #expect(await ask { tree.lookup(parent: 99, name: "a", reply: $0) }.errno == ESTALE)
        let file = try await tree.find("/file").node
        #expect(await ask { tree.openDirectory(inode: file, reply: $0) }.errno == ENOTDIR)
        #expect(await ask { tree.open(inode: root, flags: 0, reply: $0) }.errno == EISDIR)
        for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC] {
            #expect(await ask { tree.open(inode: file, flags: flags, reply: $0) }.errno == EROFS)
        }
        #expect(await ask { tree.access(inode: file, mask: W_OK, reply: $0) }.errno == EROFS)
        #expect(await ask { tree.access(inode: file, mask: R_OK, reply: $0) }.errno == nil)
        #expect(await ask { tree.readLink(inode: file, reply: $0) }.errno == EINVAL)
    }

    @Test func twoSpellingsOfALetterAreTwoFiles() async throws {
        let rig = try Rig()
        let (composed, decomposed) = ("/caf\u{e9}", "/cafe\u{301}")
        try rig.write(composed, "one")
        try rig.write(decomposed, "two")
        let tree = rig.ownTree()
        #expect(try await tree.text(composed) == "one")
        #expect(try await tree.text(decomposed) == "two")
        let nodes = try await [tree.find(composed), tree.find(decomposed)]
        #expect(nodes[0].node != nodes[1].node)
        #expect(nodes[0].inode != nodes[1].inode)
        #expect(try await tree.names("/").count == 2)
    }

    @Test func inodeNumbersStayAcrossMountsAndNodesAreCountedUntilForgotten() async throws {
        let rig = try Rig()
        for index in 0..<20 { try rig.write("/d/\(index)", "x") }
        let (first, second) = (rig.ownTree(), rig.ownTree())
        _ = try await first.find("/d/7")
        for path in ["/", "/d", "/d/3", "/d/11"] {
            let numbers = try await [first.find(path).inode, second.find(path).inode]
            #expect(numbers[0] == numbers[1])
        }
        let known = second.nodeCount
        let node = try await second.find("/d/3")
        _ = try await second.find("/d/3")
        #expect(second.nodeCount == known)
        second.forget(inode: node.node, count: 2)
        #expect(second.nodeCount == known, "told three times, dropped two")
        second.forget(inode: node.node, count: 1)
        #expect(second.nodeCount == known - 1)
        second.forget(inode: second.root, count: 5)
        #expect(try await second.find("/").node == second.root)
        #expect(try await second.find("/d/3").node != node.node, "numbers of nodes never return")
    }

    @Test func aListIsSortedWholeAndReadInPieces() async throws {
        let rig = try Rig()
        for name in ["b", "a", "B", "z/inner"] { try rig.write("/" + name, name) }
        let tree = rig.ownTree()
        #expect(try await tree.names("/") == ["B", "a", "b", "z"])
        let handle = try await ask { tree.openDirectory(inode: tree.root, reply: $0) }.get().handle
        var names: [String] = []
        var position = 0
        var sent = 0
        while true {
            var room = 2
            let before = position
            try tree.readDirectory(
                handle: handle, from: position, withAttributes: true,
                take: { next, entry in
                    guard room > 0 else { return false }
                    room -= 1
                    position = next
                    names.append(entry.name)
                    return true
                }, finish: { sent += 1 })
            if position == before { break }
        }
        #expect(names == [".", "..", "B", "a", "b", "z"])
        #expect(sent == 4)
        // Root, and one look-up for each file; the folder without an entry is looked up later.
        #expect(tree.nodeCount == 4)
    }

    @Test func attributesThatComeWithAListAreThoseOfALookup() async throws {
        let rig = try Rig()
        try rig.write("/a", "1")
        try rig.write("/b", pattern(200_000))
        try rig.drive.apply([
            .put(path: "/c", stat: .symlink("a", mtime: Rig.time)),
            .put(path: "/d", stat: .directory(mtime: Rig.time)),
        ])
        let tree = rig.ownTree()
        let entries = try await tree.list("/", withAttributes: true)
        for entry in entries where entry.name != "." && entry.name != ".." {
            let looked = try await tree.find("/" + entry.name)
            #expect(entry.attributes == looked)
            #expect(entry.inode == looked.inode)
            #expect(entry.mode & S_IFMT == looked.mode & S_IFMT)
        }
        #expect(entries.count == 6)
    }

    @Test func linksAreShownAsTheyAreStored() async throws {
        let rig = try Rig()
        for (name, target) in [("r", "../x/y"), ("a", "/etc/passwd"), ("d", "nowhere")] {
            try rig.drive.apply([.put(path: "/" + name, stat: .symlink(target, mtime: 1))])
        }
        let tree = rig.ownTree()
        for (name, target) in [("r", "../x/y"), ("a", "/etc/passwd"), ("d", "nowhere")] {
            let link = try await tree.find("/" + name)
            #expect(link.mode == 0o120777)
            #expect(link.size == UInt64(target.utf8.count))
            #expect(try await ask { tree.readLink(inode: link.node, reply: $0) }.get() == target)
        }
    }

    @Test func aFileHasNoHolesWhateverIsHere() async throws {
        let rig = try Rig()
        try rig.write("/f", pattern(1000))
        let tree = rig.ownTree()
        let handle = try await tree.openFile("/f")
        let (data, hole): (Int32, Int32) = (3, 4)
        func seek(_ offset: UInt64, _ whence: Int32) async -> Result<UInt64, PosixError> {
            await ask { tree.seek(handle: handle, offset: offset, whence: whence, reply: $0) }
        }
        #expect(try await seek(10, data).get() == 10)
        #expect(try await seek(10, hole).get() == 1000)
        #expect(await seek(1000, data).errno == ENXIO)
        #expect(await seek(5000, hole).errno == ENXIO)
        #expect(await seek(0, SEEK_SET).errno == EINVAL)
    }

    @Test func extendedAttributesAreOursByNameAndTheFilesInTheList() async throws {
        let rig = try Rig()
        try rig.write("/f", "hello")
        var stat = try #require(try rig.drive.entry("/f")).stat
        stat.attributes = [
            ("user.mine", [1, 2]), ("user.gone", nil), ("user.hyperfs.key", [9]), ("other", [1]),
        ]
        try rig.drive.apply([.put(path: "/f", stat: stat)])
        let tree = rig.ownTree()
        let node = try await tree.find("/f").node
        let names = try await ask { tree.listAttributes(inode: node, reply: $0) }.get()
        #expect(names == ["user.mine"], "ours are there by name, and not carried into copies")
        #expect(try await tree.attribute("/f", "user.hyperfs.key") == rig.drive.key.hex)
        #expect(try await tree.attribute("/f", "user.hyperfs.version") == "\(rig.drive.version)")
        #expect(try await tree.attribute("/f", "user.hyperfs.writable") == "true")
        #expect(try await tree.attribute("/f", "user.hyperfs.blocks") == "1")
        #expect(try await tree.attribute("/f", "user.hyperfs.cached") == "5")
        #expect(try await tree.attribute("/", "user.hyperfs.cached") == "5")
        #expect(try await tree.attribute("/", "user.hyperfs.peers") == "0")
        #expect(
            try await ask { tree.getAttribute(inode: node, name: "user.mine", reply: $0) }.get()
                == [1, 2])
        for name in ["user.gone", "user.none", "other", "security.capability", "user.hyperfs.x"] {
            #expect(
                await ask { tree.getAttribute(inode: node, name: name, reply: $0) }.errno
                    == ENODATA)
        }
    }

    @Test func theControlFolderIsThereAndNotListed() async throws {
        let rig = try Rig()
        try rig.write("/f", "one")
        let old = rig.drive.version
        try rig.write("/f", "two")
        var configuration = Tree.Configuration()
        configuration.status = { Array("{\"ok\":true}".utf8) }
        let tree = rig.ownTree(configuration)
        #expect(try await tree.names("/") == ["f"])
        #expect(try await tree.names("/.hyperfs") == ["peers.json", "status.json", "versions"])
        #expect(try await tree.text("/.hyperfs/status.json") == "{\"ok\":true}")
        #expect(try await tree.find("/.hyperfs/status.json").size == 11)
        #expect(try await tree.text("/.hyperfs/peers.json") == "[]\n")
        #expect(try await tree.text("/f") == "two")
        #expect(try await tree.text("/.hyperfs/versions/\(old)/f") == "one")
        #expect(try await tree.names("/.hyperfs/versions").contains("\(old)"))
        #expect(
            try await tree.attribute("/.hyperfs/versions/\(old)", "user.hyperfs.version")
                == "\(old)")
        let versions = try await tree.find("/.hyperfs/versions").node
        for name in ["0", "01", "-1", "x", "\(rig.drive.version + 1)"] {
            #expect(
                await ask { tree.lookup(parent: versions, name: name, reply: $0) }.errno == ENOENT)
        }
    }

    @Test func setIDBitsOfSomebodyElsesDriveAreMasked() async throws {
        let rig = try Rig()
        try rig.write("/tool", Array("x".utf8), mode: 0o6755)
        #expect(try await rig.ownTree().find("/tool").mode == 0o106755)
        #expect(try await rig.foreignTree().find("/tool").mode == 0o100755)
    }
}
